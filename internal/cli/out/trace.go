package out

import (
	"fmt"
	"strconv"
	"strings"
	"syscall"

	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Trace appends each message of a datagram decoded in strace's words, one a
// line, with > before what was sent and < before what was received. With hex
// the bytes follow, 16 a line with their offsets, beside the names of the
// fields that begin in them. ifName may give a device's name, or "".
func Trace(b []byte, sent bool, datagram []byte, hex bool, ifName func(uint32) string) []byte {
	dir := "< "
	if sent {
		dir = "> "
	}
	c := &attr.Ctx{IfName: ifName}
	err := nl.Split(datagram, func(m nl.Msg) bool {
		b = append(b, dir...)
		b = TraceMessage(b, m, c)
		b = append(b, '\n')
		if hex {
			b = traceHex(b, m)
		}
		return true
	})
	if err != nil {
		b = append(append(b, dir...), err.Error()...)
		b = append(b, '\n')
	}
	return b
}

// TraceMessage appends one message as strace prints it: [{header}, {header of
// the type}, [attributes]].
func TraceMessage(b []byte, m nl.Msg, c *attr.Ctx) []byte {
	b = append(b, '[')
	b = traceHeader(b, m.Header, nl.HeaderLen+len(m.Body))
	switch {
	case m.Type == nl.TypeError && len(m.Body) >= 4:
		b = traceAck(b, m, c)
	case m.Type == nl.TypeDone && len(m.Body) >= 4:
		b = append(b, ", "...)
		b = appendErrno(b, m.Body)
		b = traceTLVs(b, nl.ParseDone(m))
	case len(m.Body) > 0:
		b = append(b, ", "...)
		b = rt.TraceBody(b, m.Type, m.Body, c)
	}
	return append(b, ']')
}

func traceHeader(b []byte, h nl.Header, n int) []byte {
	return fmt.Appendf(b, "{nlmsg_len=%d, nlmsg_type=%s, nlmsg_flags=%s, nlmsg_seq=%d, nlmsg_pid=%d}",
		n, rt.TypeName(h.Type), rt.FlagNames(h.Type, h.Flags), h.Seq, h.Port)
}

// traceAck prints struct nlmsgerr: {error=-ENETUNREACH, msg={header}}, then
// the extended acknowledgement.
func traceAck(b []byte, m nl.Msg, c *attr.Ctx) []byte {
	b = append(b, ", {error="...)
	b = appendErrno(b, m.Body)
	if len(m.Body) >= 4+nl.HeaderLen {
		q := m.Body[4:]
		b = append(b, ", msg="...)
		h := nl.Header{Type: ne.Uint16(q[4:]), Flags: ne.Uint16(q[6:]), Seq: ne.Uint32(q[8:]), Port: ne.Uint32(q[12:])}
		b = traceHeader(b, h, int(ne.Uint32(q)))
	}
	b = append(b, '}')
	e, err := nl.ParseAck(m)
	if err != nil {
		return b
	}
	return traceTLVs(b, e)
}

func traceTLVs(b []byte, e *nl.Error) []byte {
	if e == nil || e.Text == "" && e.Offset == 0 && !e.HasMiss {
		return b
	}
	b = append(b, ", {"...)
	sep := ""
	add := func(s string) {
		b = append(append(b, sep...), s...)
		sep = ", "
	}
	if e.Text != "" {
		add("NLMSGERR_ATTR_MSG=" + strconv.QuoteToASCII(e.Text))
	}
	if e.Offset != 0 {
		add("NLMSGERR_ATTR_OFFS=" + strconv.Itoa(e.Offset))
	}
	if e.HasMiss {
		add("NLMSGERR_ATTR_MISS_TYPE=" + strconv.FormatUint(uint64(e.Missing), 10))
	}
	return append(b, '}')
}

func appendErrno(b, p []byte) []byte {
	v := int32(ne.Uint32(p))
	if v == 0 {
		return append(b, '0')
	}
	if n := ErrnoName(syscall.Errno(-v)); v < 0 && n != "" {
		return append(append(b, '-'), n...)
	}
	return strconv.AppendInt(b, int64(v), 10)
}

// traceHex appends the bytes of a message, at most 16 a line, each line with
// its offset; where a field begins a line begins, with the field's name.
func traceHex(b []byte, m nl.Msg) []byte {
	raw := m.AppendTo(nil)
	fields := rt.Fields(&m)
	for off := 0; off < len(raw); {
		for len(fields) > 0 && fields[0].Offset < off {
			fields = fields[1:]
		}
		end, name := min(off+16, len(raw)), ""
		if len(fields) > 0 && fields[0].Offset == off {
			name = strings.Repeat("  ", fields[0].Depth) + fields[0].Name
			fields = fields[1:]
		}
		if len(fields) > 0 && fields[0].Offset < end {
			end = fields[0].Offset
		}
		line := fmt.Sprintf("  %04x  % x", off, raw[off:end])
		if name != "" {
			line = fmt.Sprintf("%-57s %s", line, name)
		}
		b = append(append(b, line...), '\n')
		off = end
	}
	return b
}

// AppendHexLine appends bytes as one line of plain hex.
func AppendHexLine(b, p []byte) []byte {
	return append(fmt.Appendf(b, "%x", p), '\n')
}
