// Package out turns values into what a person or a program reads: ip's text
// lines, ip's JSON, aligned tables, and netlink messages in strace's words.
// It writes to the io.Writer it is given and asks nothing of the system but
// through the functions in [Style].
package out

import (
	"bytes"
	"io"
	"strconv"
	"unicode/utf8"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Style is how things are to be shown: the options before the object.
type Style struct {
	JSON    bool
	Pretty  bool
	Oneline bool
	Color   Palette
	Details int // -d, counted
	Stats   int // -s, counted
	Human   bool
	IEC     bool
	Names   *rt.Names
	// IfName is the name of a device by index; it never fails ("if7", "*").
	IfName func(index uint32) string
	// Resolve is the host name of an address, with -resolve; may be nil.
	Resolve func(family uint8, addr []byte) (string, bool)
	// Nexthop fetches a nexthop object for the nh_info of -details; nil or
	// false when there is none.
	Nexthop func(id uint32) (*rt.Nexthop, bool)
}

// Palette is ip's choice of colours.
type Palette uint8

// Palettes: none, for dark and for light backgrounds (lib/color.c of
// iproute2).
const (
	NoColor Palette = iota
	Dark
	Light
)

// A color of the palette, by what it marks.
type color uint8

const (
	plain color = iota
	colorIfName
	colorInet
	colorInet6
)

var codes = [...][4]string{
	Dark:  {"", "\x1b[1;36m", "\x1b[1;35m", "\x1b[1;94m"},
	Light: {"", "\x1b[36m", "\x1b[35m", "\x1b[34m"},
}

func familyColor(f uint8) color {
	switch f {
	case unix.AF_INET:
		return colorInet
	case unix.AF_INET6:
		return colorInet6
	}
	return plain
}

// Printer writes the fields of an object as text or as JSON. Each method that
// takes a key and texts writes "key":value in JSON and the texts around the
// value otherwise; an empty key writes a bare JSON value. It buffers; Flush
// hands on, and the error of the first failed write sticks.
type Printer struct {
	*Style
	w     io.Writer
	b     []byte
	depth int
	sep   byte
	err   error
}

// NewPrinter makes a printer that writes to w.
func NewPrinter(w io.Writer, s *Style) *Printer {
	return &Printer{Style: s, w: w, b: make([]byte, 0, flushAt+4096)}
}

const flushAt = 64 << 10

// Flush writes what is buffered.
func (p *Printer) Flush() error {
	if len(p.b) > 0 && p.err == nil {
		_, p.err = p.w.Write(p.b)
	}
	p.b = p.b[:0]
	return p.err
}

// flushFull flushes when there is enough; called between objects.
func (p *Printer) flushFull() error {
	if len(p.b) >= flushAt {
		return p.Flush()
	}
	return p.err
}

// Begin opens the array that a listing is in JSON; End closes it.
func (p *Printer) Begin() {
	if p.JSON {
		p.sep = 0
		p.array("")
	}
}

// End closes the array of a listing, ends the line and flushes.
func (p *Printer) End() error {
	if p.JSON {
		p.endArray()
		p.b = append(p.b, '\n')
	}
	return p.Flush()
}

// text writes s in text only.
func (p *Printer) text(s string) {
	if !p.JSON {
		p.b = append(p.b, s...)
	}
}

// nl separates the lines of one object: \ with -oneline.
func (p *Printer) nl() {
	if p.JSON {
		return
	}
	if p.Oneline {
		p.b = append(p.b, '\\')
	} else {
		p.b = append(p.b, '\n')
	}
}

func (p *Printer) eol() {
	if p.Pretty {
		p.b = append(p.b, '\n')
		for range p.depth {
			p.b = append(p.b, "    "...)
		}
	}
}

func (p *Printer) eor() {
	if p.sep != 0 {
		p.b = append(p.b, p.sep)
	}
	p.sep = ','
}

// key begins a JSON field, or a JSON value when k is empty.
func (p *Printer) key(k string) {
	p.eor()
	if k == "" {
		return
	}
	p.eol()
	p.b = append(append(append(p.b, '"'), k...), '"', ':')
	if p.Pretty {
		p.b = append(p.b, ' ')
	}
}

func (p *Printer) open(k string, c byte) {
	p.key(k)
	p.b = append(p.b, c)
	p.depth++
	p.sep = 0
}

// object opens a JSON object; endObject closes it. Nothing in text.
func (p *Printer) object(k string) {
	if p.JSON {
		p.open(k, '{')
	}
}

func (p *Printer) endObject() {
	if !p.JSON {
		return
	}
	p.depth--
	if p.sep != 0 {
		p.eol()
	}
	p.b = append(p.b, '}')
	p.sep = ','
}

// array opens a JSON array; endArray closes it. Nothing in text.
func (p *Printer) array(k string) {
	if !p.JSON {
		return
	}
	p.open(k, '[')
	if p.Pretty {
		p.b = append(p.b, ' ')
	}
}

func (p *Printer) endArray() {
	if !p.JSON {
		return
	}
	if p.Pretty && p.sep != 0 {
		p.b = append(p.b, ' ')
	}
	p.depth--
	p.b = append(p.b, ']')
	p.sep = ','
}

// str writes a string that may come from outside.
func (p *Printer) str(k, before, v, after string) {
	if p.JSON {
		p.key(k)
		p.b = appendJSON(p.b, v)
		return
	}
	p.b = append(p.b, before...)
	p.b = AppendSafe(p.b, v)
	p.b = append(p.b, after...)
}

// word writes the user's word of a row and a blank, in text only; a row that
// nobody types is called by its JSON key.
func (p *Printer) word(s *attr.Spec) {
	if p.JSON {
		return
	}
	w := s.Word
	if w == "" {
		w = s.Key
	}
	p.b = append(append(p.b, w...), ' ')
}

// rowUint, rowStr, rowHost and rowSeconds write a row's word, or key in JSON,
// and its value.
func (p *Printer) rowUint(s *attr.Spec, v uint64, after string) {
	p.word(s)
	p.uint(s.Key, "", v, after)
}

func (p *Printer) rowStr(s *attr.Spec, v, after string) {
	p.word(s)
	p.str(s.Key, "", v, after)
}

func (p *Printer) rowHost(s *attr.Spec, family uint8, a []byte) {
	p.word(s)
	p.host(s.Key, "", familyColor(family), family, a, " ")
}

func (p *Printer) rowSeconds(s *attr.Spec, hundredths uint64) {
	p.word(s)
	p.float(s.Key, "", float64(hundredths)/100, " ")
}

func (p *Printer) uint(k, before string, v uint64, after string) {
	if p.JSON {
		p.key(k)
		p.b = strconv.AppendUint(p.b, v, 10)
		return
	}
	p.b = append(p.b, before...)
	p.b = strconv.AppendUint(p.b, v, 10)
	p.b = append(p.b, after...)
}

func (p *Printer) int(k, before string, v int64, after string) {
	if p.JSON {
		p.key(k)
		p.b = strconv.AppendInt(p.b, v, 10)
		return
	}
	p.b = append(p.b, before...)
	p.b = strconv.AppendInt(p.b, v, 10)
	p.b = append(p.b, after...)
}

// hex writes 0x2a: a string in JSON. digits is the least number of digits in
// text.
func (p *Printer) hex(k, before string, v uint64, digits int, after string) {
	if p.JSON {
		p.key(k)
		p.b = append(p.b, '"')
		if v != 0 { // C's %#x writes a zero without 0x
			p.b = append(p.b, "0x"...)
		}
		p.b = append(strconv.AppendUint(p.b, v, 16), '"')
		return
	}
	p.b = append(p.b, before...)
	s := strconv.FormatUint(v, 16)
	for i := len(s); i < digits; i++ {
		p.b = append(p.b, '0')
	}
	p.b = append(append(p.b, s...), after...)
}

// float writes C's %g.
func (p *Printer) float(k, before string, v float64, after string) {
	if p.JSON {
		p.key(k)
		p.b = appendG(p.b, v)
		return
	}
	p.b = append(appendG(append(p.b, before...), v), after...)
}

// bool writes true or false in JSON and s in text.
func (p *Printer) bool(k, s string, v bool) {
	if p.JSON {
		p.key(k)
		p.b = strconv.AppendBool(p.b, v)
		return
	}
	p.b = append(p.b, s...)
}

// null writes null in JSON and s in text.
func (p *Printer) null(k, s string) {
	if p.JSON {
		p.key(k)
		p.b = append(p.b, "null"...)
		return
	}
	p.b = append(p.b, s...)
}

// addr writes an address. What is coloured is the address and after, as ip
// has it; before is not, unless whole says so.
func (p *Printer) addr(k, before string, c color, family uint8, a []byte, after string) {
	if p.JSON {
		p.key(k)
		p.b = append(p.b, '"')
		p.b = rt.AppendAddr(p.b, family, a)
		p.b = append(p.b, '"')
		return
	}
	p.b = append(p.b, before...)
	p.paint(c)
	p.b = rt.AppendAddr(p.b, family, a)
	p.b = append(p.b, after...)
	p.unpaint(c)
}

// host is addr with -resolve.
func (p *Printer) host(k, before string, c color, family uint8, a []byte, after string) {
	if p.Resolve != nil {
		if n, ok := p.Resolve(family, a); ok {
			if p.JSON {
				p.str(k, "", n, "")
				return
			}
			p.b = append(p.b, before...)
			p.paint(c)
			p.b = append(AppendSafe(p.b, n), after...)
			p.unpaint(c)
			return
		}
	}
	p.addr(k, before, c, family, a, after)
}

// paint switches a colour on, unpaint off, in text and where colours are on.
func (p *Printer) paint(c color) {
	if p.Color != NoColor && c != plain && !p.JSON {
		p.b = append(p.b, codes[p.Color][c]...)
	}
}

func (p *Printer) unpaint(c color) {
	if p.Color != NoColor && c != plain && !p.JSON {
		p.b = append(p.b, "\x1b[0m"...)
	}
}

// appendG is printf's %g of a float with 6 significant digits.
func appendG(b []byte, v float64) []byte {
	s := strconv.AppendFloat(nil, v, 'e', 5, 64)
	exp, _ := strconv.Atoi(string(s[bytes.IndexByte(s, 'e')+1:]))
	if exp < -4 || exp >= 6 {
		e := bytes.IndexByte(s, 'e')
		return append(append(b, trimZeros(s[:e])...), s[e:]...)
	}
	return append(b, trimZeros(strconv.AppendFloat(nil, v, 'f', 5-exp, 64))...)
}

func trimZeros(s []byte) []byte {
	if bytes.IndexByte(s, '.') < 0 {
		return s
	}
	for s[len(s)-1] == '0' {
		s = s[:len(s)-1]
	}
	if s[len(s)-1] == '.' {
		s = s[:len(s)-1]
	}
	return s
}

// AppendSafe appends a string that came from outside so that a terminal does
// not obey it: control characters, and bytes that are not UTF-8, become \x1b.
func AppendSafe(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f {
			return appendSafeSlow(b, s)
		}
	}
	return append(b, s...)
}

func appendSafeSlow(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1, r < 0x20, r == 0x7f:
			b = append(b, '\\', 'x', digits[s[i]>>4], digits[s[i]&15])
		case misleads(r):
			b = appendEscaped(b, r)
		default:
			b = append(b, s[i:i+n]...)
		}
		i += n
	}
	return b
}

// misleads says whether a character does something else than to be seen: C1
// controls, those that turn the direction of writing or end a line, and those
// without width, with which one name passes for another.
func misleads(r rune) bool {
	switch r {
	case 0x61c, 0x200b, 0x200e, 0x200f, 0x2028, 0x2029, 0x2060, 0xfeff:
		return true
	}
	return r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
}

func appendEscaped(b []byte, r rune) []byte {
	b = append(b, `\u`...)
	for sh := 12; sh >= 0; sh -= 4 {
		b = append(b, "0123456789abcdef"[r>>sh&15])
	}
	return b
}

// appendJSON appends a JSON string as iproute2 7.1 escapes it; bytes that are
// not UTF-8 become U+FFFD, which ip leaves as they are.
func appendJSON(b []byte, s string) []byte {
	const digits = "0123456789abcdef"
	b = append(b, '"')
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case c == '\t':
			b = append(b, `\t`...)
		case c == '\n':
			b = append(b, `\n`...)
		case c == '\r':
			b = append(b, `\r`...)
		case c == '\f':
			b = append(b, `\f`...)
		case c == '\b':
			b = append(b, `\b`...)
		case c == '\\' || c == '"':
			b = append(b, '\\', c)
		case c < 0x20 || c == 0x7f:
			b = append(b, `\u00`...)
			b = append(b, digits[c>>4], digits[c&15])
		case c < utf8.RuneSelf:
			b = append(b, c)
		default:
			r, n := utf8.DecodeRuneInString(s[i:])
			if misleads(r) {
				b = appendEscaped(b, r)
			} else {
				b = utf8.AppendRune(b, r)
			}
			i += n
			continue
		}
		i++
	}
	return append(b, '"')
}
