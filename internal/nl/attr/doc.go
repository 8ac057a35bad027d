// Package attr is the attribute table engine: one row binds what is known of
// a netlink attribute (number, kernel name, the user's word, JSON key, a
// sentence of documentation, payload kind) to the Go field it fills, and
// encoder, decoder, tracer and error explanation all read that row.
//
// A [Table] of rows for a struct T decodes a run of attributes into a *T
// without allocating for each of them, appends a *T's set fields in table
// order, and prints a run of attributes in strace's words. What no row knows,
// and what a row cannot read, is kept as [Raw] and put back unchanged.
//
// The wire layout is struct nlattr of include/uapi/linux/netlink.h: a 16-bit
// length that includes the 4-byte header, a 16-bit type whose two top bits are
// flags, both in host byte order, payload padded to 4 bytes.
package attr
