// Package grammar turns the words behind an object (route, nexthop) into
// requests and filters, accepting and refusing exactly what ip of iproute2
// 7.1 does. It is pure: what it must ask the system (devices, names) comes in
// as functions of [Env], and nothing is sent or printed.
package grammar

import (
	"fmt"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/rt"
)

// Exit codes of ip for the user's mistakes (docs: nhctl.8, EXIT STATUS).
const (
	ExitAddress = 1   // an address, a prefix or a device
	ExitOnOff   = 22  // EINVAL of a word that must be on or off
	ExitUsage   = 255 // everything else
)

// An Error is a mistake in the words. Text is what ip prints for it, to the
// letter, with its line ends; the other fields are what a better explanation
// needs.
type Error struct {
	Text string
	Exit int
	Arg  int      // index of the word that is wrong; len(args) when one is missing
	Want []string // words that would have been right, for a did-you-mean; may be empty
	What string   // what Want are: keyword, device, table …
	Help bool     // the words asked for help, or gave nothing to go by: print the usage

	Warnings []string // what ip said before it came to the mistake
}

func (e *Error) Error() string { return strings.TrimRight(e.Text, "\n") }

// Env is what the grammar asks of its surroundings.
type Env struct {
	Family uint8 // -4, -6, -M …; 0 unspecified
	Names  *rt.Names

	// Device is the index of a device by name or alternative name, as
	// ll_name_to_index of iproute2 finds it; 0 when there is none.
	Device func(name string) uint32
	// VRF is the table of a VRF device; ok is false for other devices. For
	// `default`, when no device is called so, it is table main and not ok.
	VRF func(name string) (table uint32, ok bool)
	// Devices, for suggestions, lists the names there are; may be nil.
	Devices func() []string
	// IPProto finds a protocol of /etc/protocols; may be nil.
	IPProto func(name string) (int, bool)
	// LoadBPF loads an object file's section for a lightweight tunnel hook
	// and returns a descriptor and a name for it; nil refuses.
	LoadBPF func(hook, file, section string, verbose bool) (fd int, name string, err error)
}

// Use says which word of the command line became which attribute word, so
// that the kernel's complaint about an attribute finds the user's word.
type Use struct {
	Word string // the canonical word: via, also when typed otherwise
	Arg  int    // index of the word as typed; its value follows
	At   int    // where in the message's body its attribute is, if it has one

	metric int // the same within RTA_METRICS
}

// parser walks the words. The first mistake sticks: afterwards more is false
// and next returns "", so that callers need not look at each step.
type parser struct {
	env  *Env
	args []string
	i    int // the current word
	err  *Error
	uses []Use
	// at is where in the message's body the next attribute will be, and where
	// in RTA_METRICS the next metric; nil where nobody asks.
	at func() (body, metrics int)
}

func (p *parser) more() bool { return p.err == nil && p.i < len(p.args) }

// word is the current word.
func (p *parser) word() string {
	if p.i < len(p.args) {
		return p.args[p.i]
	}
	return ""
}

// peek is the word behind the current one.
func (p *parser) peek() (string, bool) {
	if p.err == nil && p.i+1 < len(p.args) {
		return p.args[p.i+1], true
	}
	return "", false
}

// next moves to the next word, which must be there, and returns it.
func (p *parser) next() string {
	if p.err != nil {
		return ""
	}
	if p.i+1 >= len(p.args) {
		p.i = len(p.args)
		p.fail(ExitUsage, "Command line is not complete. Try option \"help\"\n")
		return ""
	}
	p.i++
	return p.args[p.i]
}

// is says whether the current word is exactly w.
func (p *parser) is(w string) bool { return p.err == nil && p.word() == w }

func (p *parser) fail(exit int, format string, a ...any) {
	if p.err == nil {
		p.err = &Error{Text: fmt.Sprintf(format, a...), Exit: exit, Arg: p.i}
	}
}

// invalid is ip's complaint about a value; most of its messages end in a
// line end of their own, so that an empty line follows.
func (p *parser) invalid(msg, arg string) {
	p.fail(ExitUsage, "Error: argument \"%s\" is wrong: %s\n", arg, msg)
}

func (p *parser) missing(key string) { p.fail(ExitUsage, "Error: argument \"%s\" is required\n", key) }

func (p *parser) duplicate(key, arg string) {
	p.fail(ExitUsage, "Error: either \"%s\" is duplicate, or \"%s\" is garbage.\n", key, arg)
}

func (p *parser) help() {
	if p.err == nil {
		p.err = &Error{Exit: ExitUsage, Arg: p.i, Help: true}
	}
}

// suggest gives the words that would have been right where the last failure
// was about one.
func (p *parser) suggest(what string, want func() []string) {
	if p.err != nil && p.err.Want == nil && want != nil {
		p.err.What, p.err.Want = what, want()
	}
}

func (p *parser) use(word string) {
	if p.uses == nil {
		p.uses = make([]Use, 0, len(p.args)/2+1)
	}
	u := Use{Word: word, Arg: p.i}
	if p.at != nil {
		u.At, u.metric = p.at()
	}
	p.uses = append(p.uses, u)
}

// device resolves the current word; a device that is not there fails as ip's
// nodev does.
func (p *parser) device() uint32 {
	return p.deviceOr(func(name string) { p.fail(ExitAddress, "Cannot find device \"%s\"\n", name) })
}

func (p *parser) deviceOr(none func(name string)) uint32 {
	if p.err != nil {
		return 0
	}
	idx := p.env.Device(p.word())
	if idx == 0 {
		none(p.word())
		p.suggest("device", p.env.Devices)
	}
	return idx
}

// addr reads the current word as an address of a family, 0 for any.
func (p *parser) addr(family uint8) Prefix {
	if p.err != nil {
		return Prefix{}
	}
	a, ok := parseAddr(p.word(), family)
	if !ok {
		said := p.word()
		var before string
		if family == unix.AF_MPLS && tooManyLabels(said) {
			before = "Error: too many labels.\n"
		}
		if family == unix.AF_PACKET {
			// ip has cut the word at the byte that it could not read.
			var bad string
			bad, said = llAddrBad(said)
			before = fmt.Sprintf("\"%s\" is invalid lladdr.\n", bad)
		}
		p.fail(ExitAddress, "%sError: %s address is expected rather than \"%s\".\n", before, familyVerbose(family), said)
	}
	return a
}

// prefix reads the current word as a prefix of a family, 0 for any.
func (p *parser) prefix(family uint8) Prefix {
	if p.err != nil {
		return Prefix{}
	}
	if family == unix.AF_PACKET {
		p.fail(ExitAddress, "Error: \"%s\" may be inet prefix, but it is not allowed in this context.\n", p.word())
		return Prefix{}
	}
	a, ok := parsePrefix(p.word(), family)
	if !ok {
		p.fail(ExitAddress, "Error: %s prefix is expected rather than \"%s\".\n", familyVerbose(family), p.word())
	}
	return a
}

// uint reads the current word as a number up to max, else fails with msg.
func (p *parser) uint(max uint64, msg string) uint64 {
	if p.err != nil {
		return 0
	}
	v, ok := parseUint(p.word(), 0, max)
	if !ok {
		p.invalid(msg, p.word())
	}
	return v
}

const (
	maxU8  = 1<<8 - 1
	maxU16 = 1<<16 - 1
	maxU32 = 1<<32 - 1
	maxU64 = 1<<64 - 1
)

// A keyword of a command: the words that mean it, and whether a beginning of
// one suffices. Keywords are tried in their order and the first that fits
// wins, as in ip.
type keyword[S any] struct {
	word   string // canonical, the one in the tables and the manual
	prefix bool   // a beginning of word (and of also) suffices
	also   []string
	exact  []string // further spellings, never abbreviated
	value  string   // what follows, in the manual's notation; empty for nothing
	parse  func(*parser, *S)
}

// fits is asked some forty times a word, so it looks at the first letter
// before anything else.
func (k *keyword[S]) fits(w string) bool {
	if w == "" {
		return false
	}
	c := w[0]
	if k.word[0] == c && (w == k.word || k.prefix && matches(w, k.word)) {
		return true
	}
	for _, a := range k.also {
		if a[0] == c && matches(w, a) {
			return true
		}
	}
	for _, a := range k.exact {
		if w == a {
			return true
		}
	}
	return false
}

func words[S any](ks []keyword[S]) func() []string {
	return func() []string {
		var out []string
		for i := range ks {
			out = append(append(append(out, ks[i].word), ks[i].also...), ks[i].exact...)
		}
		return out
	}
}

// run tries the keywords on the current word and says whether one fitted; its
// parse leaves the parser on its last word.
func run[S any](p *parser, ks []keyword[S], s *S) bool {
	w := p.word()
	for i := range ks {
		if k := &ks[i]; k.fits(w) {
			p.use(k.word)
			k.parse(p, s)
			return true
		}
	}
	return false
}

// Keyword is one word of a command's grammar, for help, completion and the
// manual.
type Keyword struct {
	Word  string
	Also  []string // other spellings
	Value string   // what follows, in the manual's notation
}

func describe[S any](ks []keyword[S]) []Keyword {
	out := make([]Keyword, len(ks))
	for i, k := range ks {
		out[i] = Keyword{k.word, append(append([]string(nil), k.also...), k.exact...), k.value}
	}
	return out
}
