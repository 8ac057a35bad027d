package cli

import (
	"context"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
	"nhctl/internal/nl/rt"
)

// links resolves devices by asking the kernel once for each, on a socket of
// its own, as ip does.
type links struct {
	dial   func() (nl.Conn, error)
	conn   nl.Conn
	byName map[string]uint32
	name   map[uint32]string
	vrf    map[string]vrfInfo
}

type vrfInfo struct {
	table uint32
	ok    bool
}

func newLinks(dial func() (nl.Conn, error)) *links {
	return &links{dial: dial, byName: map[string]uint32{}, name: map[uint32]string{}, vrf: map[string]vrfInfo{}}
}

func (l *links) close() {
	if l.conn != nil {
		l.conn.Close()
		l.conn = nil
	}
}

func (l *links) get(typ uint16, body []byte) (*rt.Link, bool) {
	if l.conn == nil {
		c, err := l.dial()
		if err != nil {
			return nil, false
		}
		l.conn = c
	}
	var link rt.Link
	found := false
	err := l.conn.Get(context.Background(), nl.Msg{Header: nl.Header{Type: typ, Flags: nl.Request}, Body: body},
		func(m nl.Msg) error {
			if m.Type != unix.RTM_NEWLINK {
				return nil
			}
			found = true
			return rt.DecodeLink(&link, m.Body)
		})
	if err != nil || !found || !link.Name.OK {
		return nil, false
	}
	if link.Info.OK {
		// It aliases the receive buffer.
		link.Info.V.Data.V = append([]byte(nil), link.Info.V.Data.V...)
	}
	l.name[uint32(link.Index)] = link.Name.V
	l.byName[link.Name.V] = uint32(link.Index)
	return &link, true
}

// index is the number of a device by name or alternative name, or of the
// literal ifN; 0 for none.
func (l *links) index(name string) uint32 {
	if i, ok := l.byName[name]; ok {
		return i
	}
	if link, ok := l.get(rt.LinkByName(name)); ok {
		l.byName[name] = uint32(link.Index)
		return uint32(link.Index)
	}
	if digits, ok := strings.CutPrefix(name, "if"); ok {
		return scanUnsigned(digits)
	}
	return 0
}

// nameOf is the name of a device: * for 0, ifN for one that is not there.
func (l *links) nameOf(index uint32) string {
	if n, ok := l.name[index]; ok {
		return n
	}
	if index == 0 {
		return "*"
	}
	if _, ok := l.get(rt.LinkByIndex(index)); !ok {
		l.name[index] = "if" + strconv.FormatUint(uint64(index), 10)
	}
	return l.name[index]
}

// vrfTable is the table of a VRF device. For `default`, when there is no such
// device, it is table main and not ok.
func (l *links) vrfTable(name string) (uint32, bool) {
	if v, ok := l.vrf[name]; ok {
		return v.table, v.ok
	}
	var v vrfInfo
	switch link, ok := l.get(rt.VRFByName(name)); {
	case ok:
		v.table, v.ok = link.VRFTable()
	case name == "default":
		v.table = unix.RT_TABLE_MAIN
	}
	l.vrf[name] = v
	return v.table, v.ok
}

// names lists the devices there are, for suggestions.
func (l *links) names() []string {
	if l.conn == nil {
		c, err := l.dial()
		if err != nil {
			return nil
		}
		l.conn = c
	}
	var out []string
	_ = l.conn.Dump(context.Background(), nl.Msg{Header: nl.Header{Type: unix.RTM_GETLINK, Flags: nl.Request}, Body: make([]byte, 16)},
		func(m nl.Msg) error {
			var link rt.Link
			if rt.DecodeLink(&link, m.Body) == nil && link.Name.OK {
				out = append(out, link.Name.V)
			}
			return nil
		})
	return out
}

// known is nameOf without a made-up name: "" for a device that is not there.
func (l *links) known(index uint32) string {
	if n := l.nameOf(index); n != "*" && n != "if"+strconv.FormatUint(uint64(index), 10) {
		return n
	}
	return ""
}

// scanUnsigned reads an index as scanf's %u does: blanks, a sign, digits,
// whatever follows; cut to 32 bits. Without a digit it is 0.
func scanUnsigned(s string) uint32 {
	s = strings.TrimLeft(s, " \t\n\v\f\r")
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	n := 0
	for n < len(s) && s[n] >= '0' && s[n] <= '9' {
		n++
	}
	v, err := strconv.ParseUint(s[:n], 10, 64)
	if err != nil && n > 0 {
		return ^uint32(0) // strtoul's ULONG_MAX, whatever the sign
	}
	if negative {
		v = -v
	}
	return uint32(v)
}
