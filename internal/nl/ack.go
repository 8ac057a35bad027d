package nl

import (
	"bytes"
	"fmt"
	"syscall"

	"nhctl/internal/nl/attr"
)

// Attributes of an extended acknowledgement (enum nlmsgerr_attrs of
// include/uapi/linux/netlink.h).
const (
	errAttrMsg      = 1
	errAttrOffs     = 2
	errAttrCookie   = 3
	errAttrPolicy   = 4
	errAttrMissType = 5
	errAttrMissNest = 6
)

// An Error is the kernel's no to a request, or with Errno 0 its remark to a
// yes. Its text is the kernel's own.
type Error struct {
	Errno    syscall.Errno
	Text     string // NLMSGERR_ATTR_MSG; empty when the kernel gave none
	Offset   int    // NLMSGERR_ATTR_OFFS: of the attribute meant, from the start of the request's header; 0 none
	Missing  uint32 // NLMSGERR_ATTR_MISS_TYPE: number of the attribute that is missing
	HasMiss  bool
	MissNest int  // NLMSGERR_ATTR_MISS_NEST: offset of the nest that lacks it; 0 top level
	Dump     bool // came in the NLMSG_DONE of a dump
	Request  *Msg // what was refused, when known
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
	e := &Error{Errno: errno(m.Body)}
	if m.Flags&AckTLVs != 0 && len(m.Body) >= 4+HeaderLen {
		// struct nlmsgerr: the error, the request's header, and unless
		// NLM_F_CAPPED the request's body; then the attributes.
		tlvs := 4 + HeaderLen
		if m.Flags&Capped == 0 {
			tlvs = 4 + attr.Align(int(ne.Uint32(m.Body[4:])))
		}
		if tlvs >= 0 && tlvs <= len(m.Body) {
			e.parse(m.Body[tlvs:])
		}
	}
	if e.Errno == 0 && e.Text == "" {
		return nil, nil
	}
	return e, nil
}

// ParseDone reads the NLMSG_DONE of a dump, which may carry an error. nil is
// a good end.
func ParseDone(m Msg) *Error {
	if len(m.Body) < 4 {
		return nil
	}
	e := &Error{Errno: errno(m.Body), Dump: true}
	if m.Flags&AckTLVs != 0 {
		e.parse(m.Body[4:])
	}
	if e.Errno == 0 && e.Text == "" {
		return nil
	}
	return e
}

func errno(b []byte) syscall.Errno {
	// Errors are negative; a positive one (seen from no kernel) counts too.
	v := int32(ne.Uint32(b))
	if v < 0 && v != -v {
		v = -v
	}
	return syscall.Errno(v)
}

func (e *Error) parse(tlvs []byte) {
	for {
		typ, p, rest, ok := attr.Next(tlvs)
		if !ok {
			return
		}
		switch typ & attr.TypeMask {
		case errAttrMsg:
			if i := bytes.IndexByte(p, 0); i >= 0 {
				p = p[:i]
			}
			e.Text = string(p)
		case errAttrOffs:
			if len(p) == 4 {
				e.Offset = int(ne.Uint32(p))
			}
		case errAttrMissType:
			if len(p) == 4 {
				e.Missing, e.HasMiss = ne.Uint32(p), true
			}
		case errAttrMissNest:
			if len(p) == 4 {
				e.MissNest = int(ne.Uint32(p))
			}
		case errAttrCookie, errAttrPolicy:
			// Nothing that rtnetlink sends.
		}
		tlvs = rest
	}
}
