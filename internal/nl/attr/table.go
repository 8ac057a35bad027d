package attr

import (
	"fmt"
	"strconv"
	"sync"
)

// Opt is a value that the wire can leave out. Absent is not zero: a metric 0
// that was said and a metric that nobody said stay different.
type Opt[V any] struct {
	V  V
	OK bool
}

// Some is a value that is there.
func Some[V any](v V) Opt[V] { return Opt[V]{v, true} }

// Or is the value, or d when there is none.
func (o Opt[V]) Or(d V) V {
	if o.OK {
		return o.V
	}
	return d
}

// Ctx is what the meaning of a payload may depend on outside of itself.
type Ctx struct {
	Family uint8                     // address family of the message's header
	Encap  uint16                    // lightweight tunnel type that stands beside the attribute
	IfName func(index uint32) string // names for the tracer; nil or "" prints the number
}

// Spec is what is known of an attribute apart from its payload.
type Spec struct {
	Type   uint16 // number, without flag bits
	Name   string // the kernel's name: RTA_GATEWAY
	Word   string // the user's word: via; empty where nobody types it
	Key    string // JSON key: gateway; empty where it is never printed
	Doc    string // one sentence for the man page
	Nested bool   // sent with NLA_F_NESTED, as ip sends it
}

// Kind is a payload layout: how a V is read, written and shown.
type Kind[V any] struct {
	Name   string                                     // for documentation: u32, address, …
	Decode func(p []byte, c *Ctx) (V, bool)           // false when the payload does not fit
	Append func(b []byte, v V) []byte                 // payload only
	Trace  func(b, p []byte, c *Ctx) []byte           // p was accepted by Decode
	Inside func(p []byte, off int, c *Ctx) []Location // rows below, for nests; may be nil
}

// Location names an attribute inside a message, outermost first.
type Location struct {
	Spec  Spec
	Start int // of the attribute's header, from the start of the outermost run
}

// Row binds a Spec to the field of T that it fills.
type Row[T any] struct {
	Spec
	Kind   string
	decode func(t *T, p []byte, c *Ctx) bool
	encode func(b []byte, t *T) []byte
	trace  func(b, p []byte, c *Ctx) []byte
	inside func(p []byte, off int, c *Ctx) []Location
}

func (r Row[T]) rows() []Row[T] { return []Row[T]{r} }

// Rows is a row, a [Field], or what [Lift] made of another table.
type Rows[T any] interface{ rows() []Row[T] }

// Field is a typed row: its Put appends the attribute with a value that need
// not be in any struct.
type Field[T, V any] struct {
	Spec Spec
	Kind Kind[V]
	get  func(*T) (V, bool)
	set  func(*T, V)
}

// Of binds a Spec and a Kind to an optional field.
func Of[T, V any](s Spec, k Kind[V], field func(*T) *Opt[V]) *Field[T, V] {
	return Bind(s, k,
		func(t *T) (V, bool) { o := field(t); return o.V, o.OK },
		func(t *T, v V) { *field(t) = Opt[V]{v, true} })
}

// Bind is Of for a field that keeps its presence elsewhere.
func Bind[T, V any](s Spec, k Kind[V], get func(*T) (V, bool), set func(*T, V)) *Field[T, V] {
	return &Field[T, V]{s, k, get, set}
}

// Put appends the attribute with value v.
func (f *Field[T, V]) Put(b []byte, v V) []byte {
	b, at := Begin(b, f.Spec.wireType())
	return End(f.Kind.Append(b, v), at)
}

// PutRaw appends the attribute with a payload as it is: an address of any
// length that the user typed.
func (f *Field[T, V]) PutRaw(b, payload []byte) []byte {
	return Put(b, f.Spec.wireType(), payload)
}

func (f *Field[T, V]) rows() []Row[T] {
	return []Row[T]{{
		Spec: f.Spec, Kind: f.Kind.Name,
		decode: func(t *T, p []byte, c *Ctx) bool {
			v, ok := f.Kind.Decode(p, c)
			if ok {
				f.set(t, v)
			}
			return ok
		},
		encode: func(b []byte, t *T) []byte {
			if v, ok := f.get(t); ok {
				return f.Put(b, v)
			}
			return b
		},
		trace: func(b, p []byte, c *Ctx) []byte {
			if _, ok := f.Kind.Decode(p, c); !ok {
				return AppendHex(b, p)
			}
			return f.Kind.Trace(b, p, c)
		},
		inside: f.Kind.Inside,
	}}
}

// Custom is a row whose payload is not one value of a Kind.
func Custom[T any](s Spec, kind string,
	decode func(t *T, p []byte, c *Ctx) bool,
	encode func(b []byte, t *T) []byte,
	trace func(b, p []byte, c *Ctx) []byte,
	inside func(p []byte, off int, c *Ctx) []Location,
) Rows[T] {
	return lifted[T]{{Spec: s, Kind: kind, decode: decode, encode: encode, trace: trace, inside: inside}}
}

// Opaque is a row for an attribute that is known by name only: its payload is
// kept with the unknown ones and traced in hex.
func Opaque[T any](s Spec) Rows[T] {
	return Custom(s, "bytes",
		func(*T, []byte, *Ctx) bool { return false },
		func(b []byte, _ *T) []byte { return b },
		traceOpaque, nil)
}

// opaqueMax is how many bytes of a payload that nobody reads the tracer
// shows; --trace=hex has them all.
const opaqueMax = 32

func traceOpaque(b, p []byte, _ *Ctx) []byte {
	if len(p) > opaqueMax {
		return append(AppendHex(b, p[:opaqueMax]), "..."...)
	}
	return AppendHex(b, p)
}

type lifted[T any] []Row[T]

func (l lifted[T]) rows() []Row[T] { return l }

// Lift makes rows of T from the rows of an embedded or contained S, so that
// an attribute that stands in two places (a route and one of its hops) is
// still one row.
func Lift[T, S any](tab *Table[S], part func(*T) *S) Rows[T] {
	return lift[T, S]{tab, part}
}

type lift[T, S any] struct {
	tab  *Table[S]
	part func(*T) *S
}

func (l lift[T, S]) rows() []Row[T] {
	part := l.part
	var out []Row[T]
	for _, r := range l.tab.rows() {
		out = append(out, Row[T]{
			Spec: r.Spec, Kind: r.Kind, trace: r.trace, inside: r.inside,
			decode: func(t *T, p []byte, c *Ctx) bool { return r.decode(part(t), p, c) },
			encode: func(b []byte, t *T) []byte { return r.encode(b, part(t)) },
		})
	}
	return out
}

// Table is the rows of one attribute space, for values of type T. It is put
// together on first use: a program pays for the tables that it needs.
type Table[T any] struct {
	Name    string // the kernel's name of the space: rtattr_type_t
	of      []Rows[T]
	once    sync.Once
	all     []Row[T]
	byType  []uint16 // 1 + position in all, 0 unknown
	unknown func(*T) *[]Raw
	sibling uint16
}

// Beside says that attribute typ, a u16, tells how others of the same run are
// to be read; it is put into Ctx.Encap before they are (RTA_ENCAP_TYPE stands
// behind RTA_ENCAP on the wire).
func (t *Table[T]) Beside(typ uint16) *Table[T] {
	t.sibling = typ
	return t
}

func (t *Table[T]) beside(run []byte, c *Ctx) *Ctx {
	if t.sibling == 0 {
		return c
	}
	for {
		typ, p, rest, ok := Next(run)
		if !ok {
			return c
		}
		if typ&TypeMask == t.sibling && len(p) == 2 {
			with := *c
			with.Encap = ne.Uint16(p)
			return &with
		}
		run = rest
	}
}

// NewTable makes a table. unknown tells where T keeps what no row can read.
func NewTable[T any](name string, unknown func(*T) *[]Raw, rows ...Rows[T]) *Table[T] {
	return &Table[T]{Name: name, unknown: unknown, of: rows}
}

// rows builds the table. Two rows of one number are a mistake in the program
// and panic.
func (t *Table[T]) rows() []Row[T] {
	t.once.Do(func() {
		for _, rs := range t.of {
			for _, r := range rs.rows() {
				for int(r.Type) >= len(t.byType) {
					t.byType = append(t.byType, 0)
				}
				if t.byType[r.Type] != 0 {
					panic(fmt.Sprintf("attr: %s: two rows for type %d", t.Name, r.Type))
				}
				t.all = append(t.all, r)
				t.byType[r.Type] = uint16(len(t.all))
			}
		}
	})
	return t.all
}

func (t *Table[T]) row(typ uint16) *Row[T] {
	rows := t.rows()
	typ &= TypeMask
	if int(typ) < len(t.byType) {
		if i := t.byType[typ]; i != 0 {
			return &rows[i-1]
		}
	}
	return nil
}

// Specs lists the rows' specs in table order.
func (t *Table[T]) Specs() []Spec {
	rows := t.rows()
	out := make([]Spec, len(rows))
	for i := range rows {
		out[i] = rows[i].Spec
	}
	return out
}

// Kinds lists the rows' kind names, in the order of Specs.
func (t *Table[T]) Kinds() []string {
	rows := t.rows()
	out := make([]string, len(rows))
	for i := range rows {
		out[i] = rows[i].Kind
	}
	return out
}

// Decode reads a run of attributes into v, whose fields the caller has reset.
// As in the kernel, the last of two attributes of one type wins. An attribute
// without a row, or whose payload its row cannot read, is kept in v's list of
// unknown ones. The error is a *LenError; v is then not to be used.
func (t *Table[T]) Decode(v *T, b []byte, c *Ctx) error {
	for off := 0; len(b)-off >= HeaderLen; {
		n := int(ne.Uint16(b[off:]))
		if n < HeaderLen || n > len(b)-off {
			return &LenError{Offset: off, Len: n, Left: len(b) - off}
		}
		typ := ne.Uint16(b[off+2:])
		p := b[off+HeaderLen : off+n : off+n]
		off += Align(n)
		if r := t.row(typ); r != nil && r.decode(v, p, c) {
			continue
		}
		if t.unknown != nil {
			u := t.unknown(v)
			*u = append(*u, Raw{typ, p})
		}
	}
	return nil
}

// Append appends v's set fields in table order, then what was unknown.
func (t *Table[T]) Append(b []byte, v *T) []byte {
	rows := t.rows()
	for i := range rows {
		b = rows[i].encode(b, v)
	}
	if t.unknown != nil {
		for _, r := range *t.unknown(v) {
			b = Put(b, r.Type, r.Data)
		}
	}
	return b
}

// Trace appends a run of attributes as strace prints it: a list of
// [{nla_len=…, nla_type=…}, value], without the outer brackets when there is
// one only. A run that breaks off is shown in hex from there, and so are one
// to three bytes at its end.
func (t *Table[T]) Trace(b, run []byte, c *Ctx) []byte {
	c = t.beside(run, c)
	many := false
	if _, _, rest, ok := Next(run); ok {
		many = len(rest) > 0
	}
	if many {
		b = append(b, '[')
	}
	for first := true; len(run) > 0; first = false {
		typ, p, rest, ok := Next(run)
		if !first {
			b = append(b, ", "...)
		}
		if !ok {
			b = AppendHex(b, run)
			break
		}
		if len(p) > 0 {
			b = append(b, '[')
		}
		b = append(b, "{nla_len="...)
		b = strconv.AppendInt(b, int64(len(p)+HeaderLen), 10)
		b = append(b, ", nla_type="...)
		r := t.row(typ)
		b = t.appendType(b, typ, r)
		b = append(b, '}')
		if len(p) > 0 {
			b = append(b, ", "...)
			if r != nil {
				b = r.trace(b, p, c)
			} else {
				b = AppendHex(b, p)
			}
			b = append(b, ']')
		}
		run = rest
	}
	if many {
		b = append(b, ']')
	}
	return b
}

func (t *Table[T]) appendType(b []byte, typ uint16, r *Row[T]) []byte {
	if typ&FlagNested != 0 {
		b = append(b, "NLA_F_NESTED|"...)
	}
	if typ&FlagNetByteOrder != 0 {
		b = append(b, "NLA_F_NET_BYTEORDER|"...)
	}
	if r != nil {
		return append(b, r.Name...)
	}
	b = append(b, "0x"...)
	b = strconv.AppendUint(b, uint64(typ&TypeMask), 16)
	return append(append(append(b, " /* "...), t.Name...), "_??? */"...)
}

// At names the attributes that cover offset off of a run, outermost first;
// none when off lies in no attribute. It is how the offset of an extended
// acknowledgement finds the user's word.
func (t *Table[T]) At(run []byte, off int, c *Ctx) []Location {
	c = t.beside(run, c)
	for start := 0; len(run)-start >= HeaderLen; {
		n := int(ne.Uint16(run[start:]))
		if n < HeaderLen || n > len(run)-start {
			return nil
		}
		if off >= start && off < start+Align(n) {
			typ := ne.Uint16(run[start+2:])
			r := t.row(typ)
			if r == nil {
				return []Location{{Spec{Type: typ & TypeMask, Name: string(t.appendType(nil, typ, nil))}, start}}
			}
			out := []Location{{r.Spec, start}}
			if r.inside != nil && off >= start+HeaderLen {
				for _, l := range r.inside(run[start+HeaderLen:start+n], off-start-HeaderLen, c) {
					l.Start += start + HeaderLen
					out = append(out, l)
				}
			}
			return out
		}
		start += Align(n)
	}
	return nil
}

// ByType finds a row's spec.
func (t *Table[T]) ByType(typ uint16) (Spec, bool) {
	if r := t.row(typ); r != nil {
		return r.Spec, true
	}
	return Spec{}, false
}

func (s *Spec) wireType() uint16 {
	if s.Nested {
		return s.Type | FlagNested
	}
	return s.Type
}

// AppendHex appends bytes as "\x0b\x00": what strace does with payloads that
// it cannot read. An empty payload is "".
func AppendHex(b, p []byte) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for _, c := range p {
		b = append(b, '\\', 'x', digits[c>>4], digits[c&15])
	}
	return append(b, '"')
}
