package out

import (
	"strconv"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// encap prints an encapsulation as ip does: text with a space in front, so
// that there are two of them, and in JSON an object. Of a payload that breaks
// off the type alone is printed.
func (p *Printer) encap(typ uint16, payload []byte) {
	p.object("encap")
	p.str("encap_type", " encap ", rt.EncapName(typ), " ")
	v, err := rt.DecodeEncap(typ, payload)
	if err == nil {
		switch e := v.(type) {
		case *rt.MPLSEncap:
			p.encapMPLS(e)
		case *rt.IPEncap:
			if typ == rt.EncapIP6 {
				p.encapIP(e, unix.AF_INET6, "hoplimit", "tc")
			} else {
				p.encapIP(e, unix.AF_INET, "ttl", "tos")
			}
		case *rt.ILAEncap:
			p.encapILA(e)
		case *rt.Seg6Encap:
			p.encapSeg6(e)
		case *rt.BPFEncap:
			p.encapBPF(e)
		case *rt.Seg6LocalEncap:
			p.encapSeg6Local(e)
		case *rt.RPLEncap:
			if h := e.SRH.V; e.SRH.OK {
				p.segments(h.Segments(), h.Segment)
			}
		case *rt.IOAM6Encap:
			p.encapIOAM6(e)
		case *rt.XfrmEncap:
			p.encapNumber("if_id", e.IfID)
			p.encapDevice("link_dev", e.Link)
		}
	}
	p.endObject()
}

// encapAddr prints an address; unlike elsewhere the word is coloured too.
func (p *Printer) encapAddr(key string, c color, family uint8, a attr.Opt[rt.Addr]) {
	if !a.OK {
		return
	}
	p.paint(c)
	p.addr(key, key+" ", plain, family, a.V.Bytes(), " ")
	p.unpaint(c)
}

func (p *Printer) encapDevice(key string, dev attr.Opt[uint32]) {
	if dev.OK {
		p.str(key, key+" ", p.IfName(dev.V), " ")
	}
}

func (p *Printer) encapTable(key string, id attr.Opt[uint32]) {
	if id.OK {
		p.str(key, key+" ", p.Names.Table(id.V), " ")
	}
}

func (p *Printer) encapNumber(key string, v attr.Opt[uint32]) {
	if v.OK {
		p.uint(key, key+" ", uint64(v.V), " ")
	}
}

func (p *Printer) encapByte(key string, v attr.Opt[uint8]) {
	if v.OK {
		p.uint(key, key+" ", uint64(v.V), " ")
	}
}

func (p *Printer) encapMPLS(e *rt.MPLSEncap) {
	if e.Dst.OK {
		p.addr("dst", " ", plain, unix.AF_MPLS, e.Dst.V, " ")
	}
	p.encapByte("ttl", e.TTL)
}

// encapIP prints encap ip and ip6. TOS and traffic class are decimal, though
// they are typed in hexadecimal.
func (p *Printer) encapIP(e *rt.IPEncap, family uint8, ttl, tos string) {
	if e.ID.OK {
		p.uint("id", "id ", e.ID.V, " ")
	}
	p.encapAddr("src", familyColor(family), family, e.Src)
	p.encapAddr("dst", familyColor(family), family, e.Dst)
	p.encapByte(ttl, e.TTL)
	p.encapByte(tos, e.TOS)
	for _, f := range []struct {
		bit  uint16
		word string
	}{{rt.TunnelKey, "key"}, {rt.TunnelCsum, "csum"}, {rt.TunnelSeq, "seq"}} {
		if e.Flags.V&f.bit != 0 {
			p.bool(f.word, f.word+" ", true)
		}
	}
	if e.Opts.OK {
		p.encapOpts(&e.Opts.V)
	}
}

// encapOpts prints the metadata of one kind of device, each on a line of its
// own.
func (p *Printer) encapOpts(o *rt.IPOptions) {
	begin := func(key string) {
		p.nl()
		p.text("\t" + key + " ")
		p.array(key)
	}
	switch {
	case len(o.Geneve) > 0:
		begin("geneve_opts")
		first := true
		for _, nest := range o.Geneve {
			for i := range nest {
				if !first {
					p.text(",")
				}
				first = false
				p.object("")
				p.uint("class", "", uint64(nest[i].Class.V), "")
				p.uint("type", ":", uint64(nest[i].Type.V), "")
				p.str("data", ":", hexBytes(nest[i].Data.V), "")
				p.endObject()
			}
		}
		p.text(" ")
		p.endArray()
	case o.VXLAN.OK:
		begin("vxlan_opts")
		p.object("")
		p.uint("gbp", "", uint64(o.VXLAN.V.GBP.V), " ")
		p.endObject()
		p.endArray()
	case o.ERSPAN.OK:
		e := &o.ERSPAN.V
		var index uint32
		var dir, hwid uint8
		if e.Version.V == 1 {
			index = e.Index.V
		} else {
			dir, hwid = e.Direction.V, e.HWID.V
		}
		begin("erspan_opts")
		p.object("")
		p.uint("ver", "", uint64(e.Version.V), "")
		p.uint("index", ":", uint64(index), "")
		p.uint("dir", ":", uint64(dir), "")
		p.uint("hwid", ":", uint64(hwid), " ")
		p.endObject()
		p.endArray()
	}
}

func hexBytes(b []byte) string {
	const digits = "0123456789abcdef"
	out := make([]byte, 0, 2*len(b))
	for _, c := range b {
		out = append(out, digits[c>>4], digits[c&15])
	}
	return string(out)
}

func (p *Printer) encapILA(e *rt.ILAEncap) {
	if e.Locator.OK {
		var b []byte
		for shift := 48; shift >= 0; shift -= 16 {
			b = strconv.AppendUint(b, e.Locator.V>>shift&0xffff, 16)
			if shift > 0 {
				b = append(b, ':')
			}
		}
		p.str("locator", " ", string(b), " ")
	}
	for _, f := range []struct {
		key, word string
		v         attr.Opt[uint8]
		words     rt.Words
	}{
		{"csum_mode", " csum-mode ", e.CsumMode, rt.ILACsumWords},
		{"ident_type", " ident-type ", e.IdentType, rt.ILAIdentWords},
		{"hook_type", " hook-type ", e.HookType, rt.ILAHookWords},
	} {
		if f.v.OK {
			p.str(f.key, f.word, encapWord(f.words, uint32(f.v.V), "unknown"), " ")
		}
	}
}

func encapWord(w rt.Words, v uint32, none string) string {
	if s, ok := w.Word(v); ok {
		return s
	}
	return none
}

// segments prints a list of n segments, the one that is visited first in
// front.
func (p *Printer) segments(n int, segment func(int) []byte) {
	p.array("segs")
	p.text("segs " + strconv.Itoa(n) + " [ ")
	for i := n - 1; i >= 0; i-- {
		p.addr("", "", colorInet6, unix.AF_INET6, segment(i), " ")
	}
	p.text("] ")
	p.endArray()
}

func (p *Printer) srh(h rt.SRH) {
	p.segments(h.Segments(), h.Segment)
	id, ok := h.HMACKeyID()
	switch {
	case !ok:
	case p.JSON:
		p.hex("hmac", "", uint64(id), 0, "")
	default:
		const digits = "0123456789ABCDEF"
		p.b = append(p.b, "hmac "...)
		for shift, first := 28, true; shift >= 0; shift -= 4 {
			if d := id >> shift & 15; d != 0 || !first || shift == 0 {
				p.b, first = append(p.b, digits[d]), false
			}
		}
		p.b = append(p.b, ' ')
	}
}

func (p *Printer) encapSeg6(e *rt.Seg6Encap) {
	if !e.SRH.OK {
		return
	}
	p.str("mode", "mode ", encapWord(rt.Seg6ModeWords, uint32(e.SRH.V.Mode), "<unknown>"), " ")
	p.encapAddr("tunsrc", colorInet6, unix.AF_INET6, e.Src)
	p.srh(e.SRH.V.Header)
}

func (p *Printer) encapProg(key string, prog attr.Opt[rt.BPFProg]) {
	switch {
	case !prog.OK:
	case prog.V.Name.OK:
		p.str(key, key+" ", prog.V.Name.V, " ")
	case p.JSON:
		p.str(key, "", "<unknown>", "")
	default:
		p.text(key + " ")
	}
}

func (p *Printer) encapBPF(e *rt.BPFEncap) {
	p.encapProg("in", e.In)
	p.encapProg("out", e.Out)
	p.encapProg("xmit", e.Xmit)
	if e.Headroom.OK {
		p.uint("headroom", " ", uint64(e.Headroom.V), " ")
	}
}

func (p *Printer) encapSeg6Local(e *rt.Seg6LocalEncap) {
	if !e.Action.OK {
		return
	}
	none := "<unknown>"
	if e.Action.V >= uint32(len(rt.Seg6ActionWords)) {
		none = "<invalid>"
	}
	p.str("action", "action ", encapWord(rt.Seg6ActionWords, e.Action.V, none), " ")
	if e.SRH.OK {
		p.object("srh")
		p.srh(e.SRH.V)
		p.endObject()
	}
	p.encapTable("table", e.Table)
	p.encapTable("vrftable", e.VRFTable)
	for _, a := range []struct {
		key    string
		family uint8
		v      attr.Opt[rt.Addr]
	}{{"nh4", unix.AF_INET, e.NH4}, {"nh6", unix.AF_INET6, e.NH6}} {
		p.encapAddr(a.key, plain, a.family, a.v)
	}
	p.encapDevice("iif", e.IIF)
	p.encapDevice("oif", e.OIF)
	p.encapProg("endpoint", e.BPF)
	if c := &e.Counters.V; e.Counters.OK && p.Stats > 0 {
		p.object("stats64")
		p.encapCount("packets", c.Packets.V)
		p.encapCount("bytes", c.Bytes.V)
		p.encapCount("errors", c.Errors.V)
		p.endObject()
	}
	if e.Flavors.OK {
		p.encapFlavors(&e.Flavors.V)
	}
}

func (p *Printer) encapFlavors(f *rt.Seg6Flavors) {
	if f.Operation.OK {
		p.array("flavors")
		p.text("flavors ")
		comma := ""
		for i, w := range rt.Seg6FlavorWords {
			if w != "" && f.Operation.V&(1<<i) != 0 {
				p.str("", comma, w, "")
				comma = ","
			}
		}
		p.text(" ")
		p.endArray()
	}
	if f.LocBlock.OK {
		p.encapCount("lblen", uint64(f.LocBlock.V))
	}
	if f.LocNodeFn.OK {
		p.encapCount("nflen", uint64(f.LocNodeFn.V))
	}
}

func (p *Printer) encapIOAM6(e *rt.IOAM6Encap) {
	if !e.Mode.OK || !e.Trace.OK || !e.FreqK.OK || !e.FreqN.OK {
		return
	}
	p.uint("freqk", "freq ", uint64(e.FreqK.V), "")
	p.uint("freqn", "/", uint64(e.FreqN.V), " ")
	inline := e.Mode.V == rt.IOAM6ModeInline
	if inline && e.Src.OK || !inline && !e.Dst.OK {
		return // a mixture that the kernel does not make
	}
	p.str("mode", "mode ", encapWord(rt.IOAM6ModeWords, uint32(e.Mode.V), "<unknown>"), " ")
	if !inline {
		p.encapAddr("tunsrc", colorInet6, unix.AF_INET6, e.Src)
		p.encapAddr("tundst", colorInet6, unix.AF_INET6, e.Dst)
	}
	t := &e.Trace.V
	p.null("trace", "trace ")
	p.null("prealloc", "prealloc ")
	typ := strconv.FormatUint(uint64(t.Type()), 16)
	if !p.JSON { // C's %#08x
		prefix, digits := "0x", 6
		if t.Type() == 0 {
			prefix, digits = "", 8
		}
		for len(typ) < digits {
			typ = "0" + typ
		}
		typ = prefix + typ
	}
	p.str("type", "type ", typ, " ")
	p.uint("ns", "ns ", uint64(t.Namespace()), " ")
	p.uint("size", "size ", 4*uint64(t.Words()), " ")
}

// encapCount prints a count, in text with -human rounded to a unit.
func (p *Printer) encapCount(key string, v uint64) {
	base := uint64(1000)
	if p.IEC {
		base = 1024
	}
	if p.JSON || !p.Human || v < base {
		p.uint(key, key+" ", v, " ")
		return
	}
	const prefixes = "kMGTPE"
	unit, power := 0, base
	for v/base >= power && unit < len(prefixes)-1 {
		power *= base
		unit++
	}
	precision := 2
	for limit := uint64(10); precision > 0 && v/power >= limit; limit *= 10 {
		precision--
	}
	p.b = append(append(p.b, key...), ' ')
	p.b = strconv.AppendFloat(p.b, float64(v)/float64(power), 'f', precision, 64)
	p.b = append(p.b, prefixes[unit])
	if p.IEC {
		p.b = append(p.b, 'i')
	}
	p.b = append(p.b, ' ')
}
