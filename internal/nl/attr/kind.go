package attr

import (
	"bytes"
	"encoding/binary"
	"strconv"
)

type number interface {
	~uint8 | ~uint16 | ~uint32 | ~uint64
}

// num is a fixed-size unsigned number, shown by show.
func num[V number](name string, size int, order interface {
	binary.ByteOrder
	binary.AppendByteOrder
}, show func(b []byte, v V, c *Ctx) []byte,
) Kind[V] {
	dec := func(p []byte, _ *Ctx) (V, bool) {
		if len(p) != size {
			return 0, false
		}
		switch size {
		case 1:
			return V(p[0]), true
		case 2:
			return V(order.Uint16(p)), true
		case 4:
			return V(order.Uint32(p)), true
		}
		return V(order.Uint64(p)), true
	}
	return Kind[V]{
		Name: name, Decode: dec,
		Append: func(b []byte, v V) []byte {
			switch size {
			case 1:
				return append(b, byte(v))
			case 2:
				return order.AppendUint16(b, uint16(v))
			case 4:
				return order.AppendUint32(b, uint32(v))
			}
			return order.AppendUint64(b, uint64(v))
		},
		Trace: func(b, p []byte, c *Ctx) []byte {
			v, _ := dec(p, c)
			return show(b, v, c)
		},
	}
}

func decimal[V number](b []byte, v V, _ *Ctx) []byte { return strconv.AppendUint(b, uint64(v), 10) }

// Numbers in host byte order, and BE ones in network byte order.
var (
	U8  = num("u8", 1, ne, decimal[uint8])
	U16 = num("u16", 2, ne, decimal[uint16])
	U32 = num("u32", 4, ne, decimal[uint32])
	U64 = num("u64", 8, ne, decimal[uint64])

	BE16 = num("be16", 2, binary.BigEndian, func(b []byte, v uint16, _ *Ctx) []byte {
		return call(b, "htons", strconv.FormatUint(uint64(v), 10))
	})
	BE32 = num("be32", 4, binary.BigEndian, func(b []byte, v uint32, _ *Ctx) []byte {
		return call(b, "htonl", strconv.FormatUint(uint64(v), 10))
	})
	BE64 = num("be64", 8, binary.BigEndian, func(b []byte, v uint64, _ *Ctx) []byte {
		return call(b, "htobe64", strconv.FormatUint(v, 10))
	})

	// IfIndex is a device by number; the tracer names it where it can.
	IfIndex = num("device", 4, ne, func(b []byte, v uint32, c *Ctx) []byte { return AppendIfIndex(b, v, c) })

	// Uint is nla_put_uint of include/net/netlink.h: 4 bytes, or 8 when the
	// value needs them.
	Uint = Kind[uint64]{
		Name: "uint",
		Decode: func(p []byte, _ *Ctx) (uint64, bool) {
			switch len(p) {
			case 4:
				return uint64(ne.Uint32(p)), true
			case 8:
				return ne.Uint64(p), true
			}
			return 0, false
		},
		Append: func(b []byte, v uint64) []byte {
			if v>>32 == 0 {
				return ne.AppendUint32(b, uint32(v))
			}
			return ne.AppendUint64(b, v)
		},
		Trace: func(b, p []byte, _ *Ctx) []byte {
			if len(p) == 4 {
				return strconv.AppendUint(b, uint64(ne.Uint32(p)), 10)
			}
			return strconv.AppendUint(b, ne.Uint64(p), 10)
		},
	}

	// Flag has no payload: being there is its value.
	Flag = Kind[struct{}]{
		Name:   "flag",
		Decode: func(p []byte, _ *Ctx) (struct{}, bool) { return struct{}{}, len(p) == 0 },
		Append: func(b []byte, _ struct{}) []byte { return b },
		Trace:  func(b, _ []byte, _ *Ctx) []byte { return b },
	}

	// Bytes is a payload of any length that is carried, not read.
	Bytes = Kind[[]byte]{
		Name:   "bytes",
		Decode: func(p []byte, _ *Ctx) ([]byte, bool) { return p, true },
		Append: func(b, v []byte) []byte { return append(b, v...) },
		Trace:  func(b, p []byte, _ *Ctx) []byte { return AppendHex(b, p) },
	}

	// String is text with a NUL behind it; Text is text without.
	String = text(true)
	Text   = text(false)
)

func text(nul bool) Kind[string] {
	return Kind[string]{
		Name: "string",
		Decode: func(p []byte, _ *Ctx) (string, bool) {
			// The kernel ends strings with NUL; senders need not (NLA_STRING).
			if i := bytes.IndexByte(p, 0); i >= 0 {
				if i != len(p)-1 {
					return "", false // more behind the NUL: keep the bytes as they are
				}
				p = p[:i]
			} else if nul {
				return "", false
			}
			return string(p), true
		},
		Append: func(b []byte, v string) []byte {
			b = append(b, v...)
			if nul {
				b = append(b, 0)
			}
			return b
		},
		Trace: func(b, p []byte, _ *Ctx) []byte {
			return strconv.AppendQuoteToASCII(b, string(bytes.TrimSuffix(p, []byte{0})))
		},
	}
}

func call(b []byte, fn, arg string) []byte {
	return append(append(append(append(b, fn...), '('), arg...), ')')
}

// AppendIfIndex appends if_nametoindex("eth0"), or the number when the name
// is not known.
func AppendIfIndex(b []byte, v uint32, c *Ctx) []byte {
	if c != nil && c.IfName != nil && v != 0 {
		if n := c.IfName(v); n != "" {
			return append(strconv.AppendQuoteToASCII(append(b, "if_nametoindex("...), n), ')')
		}
	}
	return strconv.AppendUint(b, uint64(v), 10)
}

// Names is a set of constants of one kind, as in a header file.
type Names struct {
	Prefix string            // common beginning, for values without a name: RTN_
	Of     map[uint64]string // full names: RTN_UNICAST
}

// Append appends the name of v, or v in hex with a remark, as strace does.
func (n *Names) Append(b []byte, v uint64) []byte {
	if s, ok := n.Of[v]; ok {
		return append(b, s...)
	}
	b = strconv.AppendUint(append(b, "0x"...), v, 16)
	return append(append(append(b, " /* "...), n.Prefix...), "??? */"...)
}

// AppendFlags appends v as names joined by |, what is left over in hex, and 0
// for nothing.
func (n *Names) AppendFlags(b []byte, v uint64) []byte {
	if v == 0 {
		return append(b, '0')
	}
	start := len(b)
	for bit := uint64(1); bit != 0 && bit <= v; bit <<= 1 {
		if s, ok := n.Of[bit]; ok && v&bit != 0 {
			if len(b) > start {
				b = append(b, '|')
			}
			b = append(b, s...)
			v &^= bit
		}
	}
	if v != 0 {
		if len(b) > start {
			b = append(b, '|')
			return strconv.AppendUint(append(b, "0x"...), v, 16)
		}
		b = strconv.AppendUint(append(b, "0x"...), v, 16)
		return append(append(append(b, " /* "...), n.Prefix...), "??? */"...)
	}
	return b
}

// EnumOf makes k show its values by name; FlagsOf shows them as bits.
func EnumOf[V number](k Kind[V], n *Names) Kind[V] {
	return named(k, n.Append)
}

// FlagsOf is EnumOf for values that are sets of bits.
func FlagsOf[V number](k Kind[V], n *Names) Kind[V] {
	return named(k, n.AppendFlags)
}

func named[V number](k Kind[V], show func([]byte, uint64) []byte) Kind[V] {
	dec := k.Decode
	k.Trace = func(b, p []byte, c *Ctx) []byte {
		v, _ := dec(p, c)
		return show(b, uint64(v))
	}
	return k
}

// Nest is a payload that is itself a run of attributes.
func Nest[S any](tab *Table[S]) Kind[S] {
	return Kind[S]{
		Name: "nest",
		Decode: func(p []byte, c *Ctx) (S, bool) {
			var v S
			err := tab.Decode(&v, p, c)
			return v, err == nil
		},
		Append: func(b []byte, v S) []byte { return tab.Append(b, &v) },
		Trace:  func(b, p []byte, c *Ctx) []byte { return traceNest(tab, b, p, c) },
		Inside: tab.At,
	}
}

// NestList is a payload of attributes that are each a run of attributes; the
// number of an entry is entry's, whatever came (kernel lists number theirs in
// different ways).
func NestList[S any](tab *Table[S], entry Spec) Kind[[]S] {
	dec := func(p []byte, c *Ctx) ([]S, bool) {
		var out []S
		for len(p) >= HeaderLen {
			_, q, rest, ok := Next(p)
			if !ok {
				return nil, false
			}
			var v S
			if tab.Decode(&v, q, c) != nil {
				return nil, false
			}
			out, p = append(out, v), rest
		}
		return out, true
	}
	return Kind[[]S]{
		Name: "list", Decode: dec,
		Append: func(b []byte, vs []S) []byte {
			for i := range vs {
				var at int
				b, at = Begin(b, entry.wireType())
				b = End(tab.Append(b, &vs[i]), at)
			}
			return b
		},
		Trace: func(b, p []byte, c *Ctx) []byte {
			b = append(b, '[')
			for first := true; len(p) > 0; first = false {
				_, q, rest, ok := Next(p)
				if !first {
					b = append(b, ", "...)
				}
				if !ok {
					b = AppendHex(b, p)
					break
				}
				b = append(b, "[{nla_len="...)
				b = strconv.AppendInt(b, int64(len(q)+HeaderLen), 10)
				b = append(append(append(b, ", nla_type="...), entry.Name...), "}, "...)
				b = append(traceNest(tab, b, q, c), ']')
				p = rest
			}
			return append(b, ']')
		},
	}
}

func traceNest[S any](tab *Table[S], b, p []byte, c *Ctx) []byte {
	if len(p) < HeaderLen {
		return AppendHex(b, p)
	}
	return tab.Trace(b, p, c)
}
