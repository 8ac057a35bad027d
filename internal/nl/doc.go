// Package nl is netlink framing: messages in datagrams, requests packed for
// sending, acknowledgements and extended acknowledgements as errors, and the
// [Conn] interface that talks to a kernel. It moves bytes and opens nothing.
//
// The layout is struct nlmsghdr of include/uapi/linux/netlink.h, in host byte
// order; messages start on 4-byte boundaries.
package nl
