package nl

import (
	"fmt"
	"syscall"

	"nhctl/internal/nl/attr"
)

// An Error is the kernel's no to a request, or with Errno 0 its remark to a
// yes. Its text is the kernel's own. It holds what a caller acts upon; what
// else an extended acknowledgement may carry is in [AckTable], for tracing.
type Error struct {
	Errno   syscall.Errno
	Text    string // NLMSGERR_ATTR_MSG; empty when the kernel gave none
	Offset  int    // NLMSGERR_ATTR_OFFS: of the attribute meant, from the start of the request's header; 0 none
	Missing uint32 // NLMSGERR_ATTR_MISS_TYPE: number of the attribute that is missing
	HasMiss bool
	Dump    bool // came in the NLMSG_DONE of a dump
	Request *Msg // what was refused, when known
}

// AckTable are the attributes of an extended acknowledgement (enum
// nlmsgerr_attrs of include/uapi/linux/netlink.h). A cookie, a policy and the
// nest that lacks an attribute are there to be traced and fill no field, for
// nothing acts upon them: rtnetlink sends no cookie, a policy says what the
// tables of the sender say, and ip, too, tells of a missing attribute by its
// number alone.
var AckTable = attr.NewTable("NLMSGERR_ATTR", nil,
	attr.Bind(attr.Spec{Type: 1, Name: "NLMSGERR_ATTR_MSG", Doc: "What is wrong, in the kernel's words."}, attr.Text,
		func(e *Error) (string, bool) { return e.Text, e.Text != "" },
		func(e *Error, v string) { e.Text = v }),
	attr.Bind(attr.Spec{Type: 2, Name: "NLMSGERR_ATTR_OFFS", Doc: "Offset of the attribute meant, from the start of the request's header."}, attr.U32,
		func(e *Error) (uint32, bool) { return uint32(e.Offset), e.Offset != 0 },
		func(e *Error, v uint32) { e.Offset = int(v) }),
	traced(attr.Spec{Type: 3, Name: "NLMSGERR_ATTR_COOKIE", Doc: "Bytes by which the kernel names what was made."}, attr.Bytes),
	traced(attr.Spec{Type: 4, Name: "NLMSGERR_ATTR_POLICY", Doc: "What the attribute meant should look like: a nest of NL_POLICY_TYPE_ATTR_*."}, attr.Bytes),
	attr.Bind(attr.Spec{Type: 5, Name: "NLMSGERR_ATTR_MISS_TYPE", Doc: "Number of the attribute that is missing."}, attr.U32,
		func(e *Error) (uint32, bool) { return e.Missing, e.HasMiss },
		func(e *Error, v uint32) { e.Missing, e.HasMiss = v, true }),
	traced(attr.Spec{Type: 6, Name: "NLMSGERR_ATTR_MISS_NEST", Doc: "Offset of the nest that lacks an attribute; left out for the top level."}, attr.U32),
)

// traced is a row that is shown and fills nothing.
func traced[V any](s attr.Spec, k attr.Kind[V]) attr.Rows[Error] {
	return attr.Bind(s, k,
		func(*Error) (v V, ok bool) { return v, false },
		func(*Error, V) {})
}

func (e *Error) Error() string {
	switch {
	case e.Text != "" && e.Errno != 0:
		return fmt.Sprintf("%s (%s)", e.Text, e.Errno.Error())
	case e.Text != "":
		return e.Text
	}
	return e.Errno.Error()
}

// Unwrap gives the errno, so that errors.Is(err, unix.ENOENT) works.
func (e *Error) Unwrap() error { return e.Errno }

// ParseAck reads an NLMSG_ERROR message. It returns nil for a plain yes, an
// *Error with Errno 0 for a yes with a remark, and an *Error otherwise.
func ParseAck(m Msg) (*Error, error) {
	if len(m.Body) < 4 {
		return nil, fmt.Errorf("netlink acknowledgement of %d bytes", len(m.Body))
	}
	_, tlvs, _ := AckParts(m)
	return parse(&Error{Errno: errno(m.Body)}, tlvs), nil
}

// ParseDone reads the NLMSG_DONE of a dump, which may carry an error. nil is
// a good end.
func ParseDone(m Msg) *Error {
	if len(m.Body) < 4 {
		return nil
	}
	_, tlvs, _ := AckParts(m)
	return parse(&Error{Errno: errno(m.Body), Dump: true}, tlvs)
}

// AckParts cuts what follows the error number of an NLMSG_ERROR or NLMSG_DONE
// into the request that is answered, the attributes of the extended
// acknowledgement, to be read with [AckTable], and bytes that are neither.
// The request begins with its header, and its length is as the header says
// unless NLM_F_CAPPED is set or the message breaks off; NLMSG_DONE holds none.
//
// The layout is that of netlink_ack and netlink_dump_done in
// net/netlink/af_netlink.c: the body of the request is left out of every yes,
// and of a no to a socket with NETLINK_CAP_ACK.
func AckParts(m Msg) (request, tlvs, rest []byte) {
	if len(m.Body) < 4 {
		return nil, nil, m.Body
	}
	rest = m.Body[4:]
	if m.Type == TypeError {
		if len(rest) < HeaderLen {
			return nil, nil, rest
		}
		n := uint64(HeaderLen)
		if m.Flags&Capped == 0 {
			n = max(n, uint64(ne.Uint32(rest)))
		}
		n = min(n, uint64(len(rest)))
		request = rest[:n:n]
		rest = rest[min(attr.Align(int(n)), len(rest)):]
	}
	if m.Flags&AckTLVs != 0 {
		return request, rest, nil
	}
	return request, nil, rest
}

func errno(b []byte) syscall.Errno {
	// Errors are negative; a positive one (seen from no kernel) counts too.
	v := int32(ne.Uint32(b))
	if v < 0 && v != -v {
		v = -v
	}
	return syscall.Errno(v)
}

// parse completes e, or returns nil when it says nothing but yes. An error
// number counts also where the attributes beside it break off; those before
// the break are kept.
func parse(e *Error, tlvs []byte) *Error {
	_ = AckTable.Decode(e, tlvs, nil)
	if e.Errno == 0 && e.Text == "" {
		return nil
	}
	return e
}
