package cli

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"nhctl/internal/cli/grammar"
)

// ipObjects are the objects of ip in the order in which it tries them, so
// that a beginning means here what it means there.
var ipObjects = []string{
	"address", "addrlabel", "maddress", "route", "rule", "neighbor", "neighbour", "ntable", "ntbl", "link",
	"l2tp", "fou", "ila", "macsec", "tunnel", "tunl", "tuntap", "tap", "token", "tcpmetrics", "tcp_metrics",
	"monitor", "xfrm", "mroute", "mrule", "netns", "netconf", "vrf", "sr", "nexthop", "mptcp", "ioam", "help", "stats",
}

// ownObjects are nhctl's. They are not abbreviated: what is no object to ip is
// none here.
var ownObjects = []string{"gateway", "version", "completion"}

func findObject(w string) string {
	for _, o := range ipObjects {
		if grammar.Matches(w, o) {
			return o
		}
	}
	if slices.Contains(ownObjects, w) {
		return w
	}
	return ""
}

// verb is a command of an object.
type verb struct {
	name  string   // in full
	also  []string // further names, abbreviated likewise
	exact []string // further names, in full only
	short string
	// read reads the words without asking or doing anything. The request that
	// it returns is what the verb sends, when it has no run; nil is another
	// verb's, whose words are right.
	read  func(w *grammar.Env, args []string) (*grammar.Request, *grammar.Error)
	run   func(a *app, args []string) error
	verbs []verb // a level below: nexthop bucket
	deflt string // the verb below that no word means
}

func (v *verb) fits(w string) bool {
	if grammar.Matches(w, v.name) {
		return true
	}
	for _, n := range v.also {
		if grammar.Matches(w, n) {
			return true
		}
	}
	for _, n := range v.exact {
		if w == n {
			return true
		}
	}
	return false
}

func findVerb(vs []verb, w string) *verb {
	for i := range vs {
		if vs[i].fits(w) {
			return &vs[i]
		}
	}
	return nil
}

// objects that nhctl has, with their verbs in the order in which ip tries
// them.
func objects() []verb {
	return []verb{
		{name: "route", short: "show and change routes", verbs: routeVerbs(), deflt: "list"},
		{name: "nexthop", short: "show and change nexthop objects", verbs: nexthopVerbs(), deflt: "list"},
	}
}

// canonical spells the object and the verbs of a command line in full, as far
// as they are known.
func canonical(args []string) []string {
	vs := objects()
	var out []string
	for i := 0; i < len(args); i++ {
		var v *verb
		if i == 0 {
			name := findObject(args[0])
			for j := range vs {
				if vs[j].name == name {
					v = &vs[j]
				}
			}
		} else {
			v = findVerb(vs, args[i])
		}
		if v == nil {
			break
		}
		out = append(out, v.name)
		if vs = v.verbs; vs == nil {
			break
		}
	}
	return out
}

// object runs a command line: object, verbs, words.
func (a *app) object(args []string) int {
	return a.code(a.run(args))
}

// code is the exit code of an error; nil is 0.
func (a *app) code(err error) (code int) {
	if a.report != nil {
		defer func() { a.report.exit = code }()
	}
	var e exitError
	switch {
	case err == nil:
		return exitOK
	case errors.As(err, &e):
		return int(e)
	}
	a.note("%s", err)
	return exitKernel
}

func (a *app) run(args []string) error {
	name := findObject(args[0])
	switch name {
	case "help":
		if len(args) > 1 {
			if c := canonical(args[1:]); len(c) > 0 {
				return codeError(runTree(a, append(c, "--help")))
			}
		}
		io.WriteString(a.env.Err, usageRoot())
		return exitError(exitUsage)
	case "version", "completion":
		return codeError(runTree(a, append([]string{name}, args[1:]...)))
	}
	vs := objects()
	for i := range vs {
		if vs[i].name == name {
			return a.verb(&vs[i], args[1:], name)
		}
	}
	fmt.Fprintf(a.env.Err, "Object \"%s\" is unknown, try \"ip help\".\n", safeLines(args[0]))
	switch c := closest(args[0], []string{"route", "nexthop"}); {
	case slices.Contains(ownObjects, name):
		a.note("this nhctl has no %s; it has route and nexthop", name)
	case name != "":
		a.note("`%s` is an object of ip, which nhctl leaves to it: ip %s …; nhctl has route and nexthop", name, name)
	case a.inBatch && strings.HasPrefix(args[0], "-"):
		a.note("options stand before -batch, not in its lines")
	case args[0] == "ip" || args[0] == "nhctl":
		a.note("leave out `%s`: a command begins with route or nexthop", args[0])
	case c != "":
		a.note("did you mean `%s`?", c)
	}
	return exitError(exitSyntax)
}

func (a *app) verb(v *verb, args []string, path string) error {
	if v.verbs == nil {
		a.prog = path
		if err := a.optionsFit(path); err != nil {
			return err
		}
		if v.run == nil {
			req, gerr := v.read(&a.words, args)
			if gerr != nil {
				return a.mistake(gerr, args, usageOf(path))
			}
			return a.change(req, args)
		}
		return v.run(a, args)
	}
	w := v.deflt
	if len(args) > 0 {
		w, args = args[0], args[1:]
	}
	if below := findVerb(v.verbs, w); below != nil {
		return a.verb(below, args, path+" "+below.name)
	}
	object := path
	if len(object) > len("nexthop") && object[:len("nexthop")] == "nexthop" {
		object = "nexthop"
	}
	fmt.Fprintf(a.env.Err, "Command \"%s\" is unknown, try \"ip %s help\".\n", safeLines(w), object)
	if c := closest(w, verbNames(v.verbs)); c != "" {
		a.note("did you mean `%s %s`?", path, c)
	}
	return exitError(exitUsage)
}

// optionsFit refuses options of nhctl that mean nothing to a command: who
// says --exact wants to be sure. In a batch they are for the lines that they
// fit.
func (a *app) optionsFit(path string) error {
	if a.inBatch {
		return nil
	}
	for _, o := range []struct {
		said bool
		name string
		fits string // the commands it is for
	}{
		{a.o.exact, "--exact", "route delete"},
		{a.o.printID, "--print-id", "nexthop add, nexthop replace"},
		{a.o.checkOn || a.o.checkOff, "--check-first", "-batch"},
	} {
		if o.said && !strings.Contains(o.fits, path) {
			fmt.Fprintf(a.env.Err, "Error: %s goes with %s, not with %s\n", o.name, o.fits, path)
			return exitError(exitUsage)
		}
	}
	return nil
}

// readOnly makes a verb's read of the grammar's function for words that are
// not a request.
func readOnly[T any](f func(*grammar.Env, []string) (T, *grammar.Error)) func(*grammar.Env, []string) (*grammar.Request, *grammar.Error) {
	return func(w *grammar.Env, args []string) (*grammar.Request, *grammar.Error) {
		_, err := f(w, args)
		return nil, err
	}
}

// usageOf is the grammar of an object, from the words that lead to a verb.
func usageOf(path string) func() string {
	if strings.HasPrefix(path, "nexthop") {
		return usageNexthop
	}
	return usageRoute
}

func codeError(code int) error {
	if code == 0 {
		return nil
	}
	return exitError(code)
}

// runTree runs the cobra tree: help, completion, version.
func runTree(a *app, args []string) int {
	root := a.tree()
	root.SetArgs(args)
	root.SetIn(a.env.In)
	root.SetOut(a.env.Out)
	root.SetErr(a.env.Err)
	return a.code(root.Execute())
}

func (a *app) tree() *cobra.Command {
	root := &cobra.Command{
		Use:           "nhctl",
		Short:         "routes and nexthop objects of the kernel, as ip has them, and what goes over the wire",
		SilenceErrors: true, SilenceUsage: true,
	}
	for _, v := range objects() {
		root.AddCommand(a.command(v, v.name))
	}
	root.AddCommand(&cobra.Command{
		Use: "version", Short: "print what was built",
		RunE: func(*cobra.Command, []string) error { return codeError(a.version()) },
	})
	root.AddCommand(a.completionCommand())
	cobras := root.HelpFunc()
	root.SetHelpFunc(func(c *cobra.Command, args []string) {
		var below [][2]string
		for _, b := range c.Commands() {
			if b.Name() != "help" && b.IsAvailableCommand() {
				below = append(below, [2]string{b.Name(), b.Short})
			}
		}
		_, path, _ := strings.Cut(c.CommandPath(), " ")
		if h := helpOf(path, below); h != "" {
			io.WriteString(c.OutOrStdout(), h)
			return
		}
		cobras(c, args)
	})
	return root
}

func (a *app) command(v verb, path string) *cobra.Command {
	c := &cobra.Command{
		Use: v.name, Aliases: v.also, Short: v.short, DisableFlagParsing: true,
		RunE: func(c *cobra.Command, args []string) error {
			for _, w := range args {
				if w == "--help" {
					return c.Help()
				}
			}
			return a.verb(&v, args, path)
		},
		ValidArgsFunction: func(_ *cobra.Command, args []string, last string) ([]cobra.Completion, cobra.ShellCompDirective) {
			if v.verbs != nil { // cobra offers the verbs by their own names
				if len(args) > 0 {
					return nil, cobra.ShellCompDirectiveNoFileComp
				}
				return matchingVerbs(v.verbs, last), cobra.ShellCompDirectiveNoFileComp
			}
			return a.completeWords(path, args, last)
		},
	}
	for _, b := range v.verbs {
		c.AddCommand(a.command(b, path+" "+b.name))
	}
	return c
}
