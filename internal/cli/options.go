package cli

import (
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/cli/grammar"
)

// options are the words before the object, as ip takes them, and nhctl's own
// long ones.
type options struct {
	family   uint8
	human    bool
	iec      bool
	stats    int
	details  int
	resolve  bool
	oneline  bool
	stamp    int
	force    bool
	batch    string
	batched  bool
	json     bool
	pretty   bool
	rcvbuf   int
	color    string // always, auto, never
	netns    []string
	numeric  bool
	all      bool
	echo     bool
	version  bool
	trace    string // "", text, hex
	dryRun   string // "", text, hex
	exact    bool
	printID  bool
	format   string // auto, text, table, json, jsonl
	checkOff bool   // --check-first=no
	checkOn  bool
}

// An optionError is a mistake in the options; text is ip's.
type optionError struct {
	text string
	exit int
	help bool

	unknown string // the option, when there is none like it
}

func (e *optionError) Error() string { return strings.TrimRight(e.text, "\n") }

func optErr(format string, a ...any) error {
	return &optionError{text: fmt.Sprintf(format, a...), exit: grammar.ExitUsage}
}

// option is one of ip's: any beginning of a name will do, the first that fits
// wins.
type option struct {
	names []string
	exact bool
	arg   string // what ip calls the argument when it is missing; "" takes none
	set   func(o *options, arg string) error
}

func count(field func(*options) *int) func(*options, string) error {
	return func(o *options, _ string) error { *field(o)++; return nil }
}

func flag(field func(*options) *bool) func(*options, string) error {
	return func(o *options, _ string) error { *field(o) = true; return nil }
}

func family(f uint8) func(*options, string) error {
	return func(o *options, _ string) error { o.family = f; return nil }
}

// ipOptions in the order in which ip tries them.
var ipOptions = []option{
	{names: []string{"-loops"}, arg: "loop count", set: func(*options, string) error { return nil }},
	{names: []string{"-family"}, arg: "family type", set: setFamily},
	{names: []string{"-4"}, exact: true, set: family(unix.AF_INET)},
	{names: []string{"-6"}, exact: true, set: family(unix.AF_INET6)},
	{names: []string{"-0"}, exact: true, set: family(unix.AF_PACKET)},
	{names: []string{"-M"}, exact: true, set: family(unix.AF_MPLS)},
	{names: []string{"-B"}, exact: true, set: family(unix.AF_BRIDGE)},
	{names: []string{"-human", "-human-readable"}, set: flag(func(o *options) *bool { return &o.human })},
	{names: []string{"-iec"}, set: flag(func(o *options) *bool { return &o.iec })},
	{names: []string{"-stats", "-statistics"}, set: count(func(o *options) *int { return &o.stats })},
	{names: []string{"-details"}, set: count(func(o *options) *int { return &o.details })},
	{names: []string{"-resolve"}, set: flag(func(o *options) *bool { return &o.resolve })},
	{names: []string{"-oneline"}, set: flag(func(o *options) *bool { return &o.oneline })},
	{names: []string{"-timestamp"}, set: func(o *options, _ string) error { o.stamp = max(o.stamp, 1); return nil }},
	{names: []string{"-tshort"}, set: func(o *options, _ string) error { o.stamp = 2; return nil }},
	{names: []string{"-Version"}, set: flag(func(o *options) *bool { return &o.version })},
	{names: []string{"-force"}, set: flag(func(o *options) *bool { return &o.force })},
	{names: []string{"-batch"}, arg: "batch file", set: func(o *options, a string) error {
		o.batch, o.batched = a, true
		return nil
	}},
	{names: []string{"-brief"}, set: func(*options, string) error { return nil }},
	{names: []string{"-json"}, set: flag(func(o *options) *bool { return &o.json })},
	{names: []string{"-pretty"}, set: flag(func(o *options) *bool { return &o.pretty })},
	{names: []string{"-rcvbuf"}, arg: "rcvbuf size", set: setRcvBuf},
	{names: []string{"-color"}, set: func(*options, string) error { return nil }}, // see setColor
	{names: []string{"-help"}, set: func(*options, string) error { return &optionError{exit: grammar.ExitUsage, help: true} }},
	{names: []string{"-netns"}, arg: "\x00", set: func(o *options, a string) error { o.netns = append(o.netns, a); return nil }},
	{names: []string{"-Numeric"}, set: flag(func(o *options) *bool { return &o.numeric })},
	{names: []string{"-all"}, set: flag(func(o *options) *bool { return &o.all })},
	{names: []string{"-echo"}, exact: true, set: flag(func(o *options) *bool { return &o.echo })},
}

func setFamily(o *options, a string) error {
	if a == "help" {
		return &optionError{exit: grammar.ExitUsage, help: true}
	}
	f, ok := grammar.Family(a)
	if !ok {
		return optErr("Error: argument \"%s\" is wrong: invalid protocol family\n", a)
	}
	o.family = f
	return nil
}

func setRcvBuf(o *options, a string) error {
	n, ok := grammar.Number(a)
	if !ok {
		return optErr("Invalid rcvbuf size '%s'\n", a)
	}
	o.rcvbuf = int(min(n, 1<<30))
	return nil
}

// setColor reads -c[olor][=always|auto|never]; false when it is none.
func setColor(o *options, opt string) bool {
	name, val, _ := strings.Cut(opt, "=")
	if !grammar.Matches(name, "-color") {
		return false
	}
	switch val {
	case "":
		val = "always"
	case "always", "auto", "never":
	default:
		return false
	}
	o.color = val
	return true
}

// ownOption reads one of nhctl's own, which stand in full and may stand
// anywhere; used says how many words it took, 0 that it is none.
func ownOption(o *options, args []string) (used int, err error) {
	name, val, has := strings.Cut(strings.TrimPrefix(args[0], "-"), "=")
	choice := func(to *string, of ...string) (int, error) {
		if !has {
			*to = of[0]
			return 1, nil
		}
		for _, c := range of {
			if val == c {
				*to = val
				return 1, nil
			}
		}
		return 1, optErr("Error: argument \"%s\" is wrong: --%s takes %s\n", val, name, strings.Join(of, ", "))
	}
	if has && (name == "exact" || name == "print-id") {
		return 1, optErr("Error: argument \"%s\" is wrong: --%s takes none\n", val, name)
	}
	switch name {
	case "trace":
		return choice(&o.trace, "text", "hex")
	case "dry-run":
		return choice(&o.dryRun, "text", "hex")
	case "check-first":
		yes := "yes"
		n, err := choice(&yes, "yes", "no")
		o.checkOn, o.checkOff = yes == "yes", yes == "no"
		return n, err
	case "exact":
		o.exact = true
		return 1, nil
	case "print-id":
		o.printID = true
		return 1, nil
	case "format":
		used = 1
		if !has {
			if len(args) < 2 {
				return 1, optErr("Error: argument \"format\" is required\n")
			}
			val, has, used = args[1], true, 2
		}
		_, err := choice(&o.format, "auto", "text", "table", "json", "jsonl")
		return used, err
	}
	return 0, nil
}

// parseOptions takes the options off the words behind the program's name.
func parseOptions(args []string) (o options, rest []string, err error) {
	for len(args) > 0 {
		opt := args[0]
		if opt == "--" {
			return o, args[1:], nil
		}
		if opt == "" || opt[0] != '-' {
			break
		}
		if strings.HasPrefix(opt, "--") {
			opt = opt[1:]
			n, err := ownOption(&o, append([]string{opt}, args[1:]...))
			if err != nil {
				return o, nil, err
			}
			if n > 0 {
				args = args[n:]
				continue
			}
		}
		if args, err = ipOption(&o, opt, args); err != nil {
			return o, nil, err
		}
	}
	return o, args, nil
}

func ipOption(o *options, opt string, args []string) ([]string, error) {
	for i := range ipOptions {
		io := &ipOptions[i]
		fits := false
		for _, n := range io.names {
			fits = fits || opt == n || !io.exact && grammar.Matches(opt, n)
		}
		if io.names[0] == "-color" {
			if setColor(o, opt) {
				return args[1:], nil
			}
			continue
		}
		if !fits {
			continue
		}
		arg := ""
		if io.arg != "" {
			if len(args) < 2 {
				if io.arg == "\x00" {
					return nil, optErr("Command line is not complete. Try option \"help\"\n")
				}
				return nil, optErr("Error: argument \"%s\" is required\n", io.arg)
			}
			args = args[1:]
			arg = args[0]
		}
		return args[1:], io.set(o, arg)
	}
	return nil, &optionError{
		text: fmt.Sprintf("Option \"%s\" is unknown, try \"ip -help\".\n", opt),
		exit: grammar.ExitUsage, unknown: opt,
	}
}

// ownOptionsBehind takes nhctl's own options out of the words behind the
// object, where ip has none. help says that --help was among them; rest is
// then what stood before it.
func ownOptionsBehind(o *options, args []string) (rest []string, help bool, err error) {
	for len(args) > 0 {
		a := args[0]
		if strings.HasPrefix(a, "--") && len(a) > 2 {
			if a == "--help" {
				return rest, true, nil
			}
			n, err := ownOption(o, append([]string{a[1:]}, args[1:]...))
			if err != nil {
				return nil, false, err
			}
			if n > 0 {
				args = args[n:]
				continue
			}
		}
		rest = append(rest, a)
		args = args[1:]
	}
	return rest, false, nil
}

// isOption says whether a word would be an option before the object.
func isOption(w string) bool {
	if len(w) < 2 || w[0] != '-' {
		return false
	}
	_, err := ipOption(new(options), w, []string{w, ""})
	return err == nil
}

// colors decides on colours as ip does (lib/color.c): the default is never.
func (o *options) colors(env *Env) bool {
	if o.json || o.color == "" || o.color == "never" {
		return false
	}
	return o.color == "always" || env.OutTTY
}

// darkBackground is ip's reading of COLORFGBG.
func darkBackground(v string) bool {
	i := strings.LastIndexByte(v, ';')
	if i < 0 {
		return true
	}
	n, err := strconv.Atoi(v[i+1:])
	return err == nil && len(v[i+1:]) == 1 && (n >= 0 && n <= 6 || n == 8)
}
