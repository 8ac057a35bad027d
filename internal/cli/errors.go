package cli

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/cli/out"
	"nhctl/internal/nl"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

// Exit codes (nhctl.8, EXIT STATUS): ip's, and nhctl's own from 3 on.
const (
	exitOK           = 0
	exitSyntax       = 1 // also what ip returns for addresses, devices, batches
	exitKernel       = 2
	exitProtected    = 4
	exitInconsistent = 5
	exitUsage        = grammar.ExitUsage
)

// dumpTries is how often a command that decides by a dump takes it again when
// the kernel marked it as raced by a change.
const dumpTries = 10

// An exitError ends a command with a code; what there was to say has been
// said.
type exitError int

func (e exitError) Error() string { return fmt.Sprintf("exit %d", int(e)) }

// strerror is the C library's text of an errno, which begins with a capital.
func strerror(e syscall.Errno) string {
	s := e.Error()
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// A report is what --format json and jsonl say of a failure on standard
// error, in place of text: one object a line. All that is written to it is
// the text of the error; what is known in parts comes in its fields. Errors of
// -json alone are text, as ip has them.
type report struct {
	w                                io.Writer
	text                             []byte
	errno, argument, attribute, hint string
	exit                             int
}

// tellJSON makes errors JSON.
func (a *app) tellJSON(env *Env) *Env {
	e := *env
	a.report = &report{w: env.Err}
	e.Err = a.report
	a.env = &e
	return a.env
}

// Write takes text. What ip says behind each failed line of a batch ends a
// report.
func (r *report) Write(b []byte) (int, error) {
	r.text = append(r.text, b...)
	if bytes.HasPrefix(b, []byte("Command failed ")) {
		r.tell(r.exit)
	}
	return len(b), nil
}

// tell writes the object, if there was anything to say, and forgets it. With
// exit code 0 what was said is a warning.
func (r *report) tell(exit int) {
	if r == nil || len(r.text) == 0 && r.hint == "" {
		return
	}
	type said struct {
		Text      string `json:"text"`
		Errno     string `json:"errno,omitempty"`
		Exit      int    `json:"exit"`
		Argument  string `json:"argument,omitempty"`
		Attribute string `json:"attribute,omitempty"`
		Hint      string `json:"hint,omitempty"`
	}
	s := &said{strings.TrimSpace(string(r.text)), r.errno, exit, r.argument, r.attribute, r.hint}
	if s.Text == "" {
		s.Text, s.Hint = s.Hint, ""
	}
	key := "error"
	if exit == exitOK {
		key = "warning"
	}
	enc := json.NewEncoder(r.w)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(map[string]*said{key: s}) // there is nowhere left to complain to
	*r = report{w: r.w}
}

// kernelSaid writes what ip writes for the kernel's answer to a request, and
// says whether it was a no.
func (a *app) kernelSaid(e *nl.Error) bool {
	var b []byte
	if e.HasMiss && !e.Dump {
		b = fmt.Appendf(b, "Missing required attribute type %d\n", e.Missing)
	}
	b = append(b, ackText(e)...)
	a.env.Err.Write(b)
	return e.Errno != 0
}

// ackText is the line that ip prints for an acknowledgement.
func ackText(e *nl.Error) string {
	if e.Text == "" {
		return "RTNETLINK answers: " + strerror(e.Errno) + "\n"
	}
	word := "Error"
	if e.Errno == 0 {
		word = "Warning"
	}
	text := string(out.AppendSafe(nil, e.Text))
	if !strings.HasSuffix(text, ".") {
		text += "."
	}
	return word + ": " + text + "\n"
}

// refused reports a request that the kernel did not take: ip's line, the
// argument that the kernel points at, a hint where the cause is known.
func (a *app) refused(err error, req *grammar.Request, args []string) error {
	var e *nl.Error
	if !errors.As(err, &e) {
		return a.broken(err)
	}
	if !a.kernelSaid(e) {
		return nil
	}
	a.explain(e, req, args)
	return exitError(exitKernel)
}

// broken reports a failure of the socket itself.
func (a *app) broken(err error) error {
	var exit exitError
	if errors.As(err, &exit) {
		return err
	}
	a.note("%s", err)
	return exitError(exitKernel)
}

// explain adds what ip throws away: where the kernel points, and a hint.
func (a *app) explain(e *nl.Error, req *grammar.Request, args []string) {
	if req != nil {
		a.pointsAt(pointedWord(e, req, args))
		if e.HasMiss {
			if l := rt.LayoutOf(req.Msg.Type); l != nil {
				if s, ok := l.Table.ByType(uint16(e.Missing)); ok && s.Word != "" {
					a.note("%s is missing; say it with `%s`", s.Name, s.Word)
				}
			}
		}
	}
	switch {
	case a.report != nil:
		a.report.errno = errnoName(e.Errno)
	case e.Text != "":
		a.note("errno is %s", errnoName(e.Errno))
	}
	if h := a.hint(e, req); h != "" {
		a.note("%s", h)
	}
}

// pointsAt tells of the words and the attribute that the kernel points at;
// either may be "".
func (a *app) pointsAt(said, attribute string) {
	switch {
	case a.report != nil:
		a.report.argument, a.report.attribute = said, attribute
	case said != "":
		a.note("the kernel points at `%s` (%s)", said, attribute)
	case attribute != "":
		a.note("the kernel points at %s", attribute)
	}
}

// note is a line of nhctl's own on standard error.
func (a *app) note(format string, v ...any) {
	if a.report != nil {
		if a.report.hint != "" {
			a.report.hint += "; "
		}
		a.report.hint += fmt.Sprintf(format, v...)
		return
	}
	fmt.Fprintf(a.env.Err, "nhctl: "+format+"\n", v...)
}

// pointedWord finds the attribute at an extended acknowledgement's offset,
// and the user's words for it.
func pointedWord(e *nl.Error, req *grammar.Request, args []string) (word, attribute string) {
	if e.Offset == 0 {
		return "", ""
	}
	for at := rt.AttrAt(&req.Msg, e.Offset); len(at) > 0; at = at[:len(at)-1] {
		l := at[len(at)-1]
		if u := usedFor(req.Uses, l, len(at) == 1); u != nil {
			return asTyped(u, args), l.Spec.Name
		}
		if len(at) == 1 {
			return "", l.Spec.Name
		}
	}
	return "", ""
}

// usedFor finds the word that made the attribute at a place. An attribute of
// the message itself may also be found by its word alone: some stand behind
// the one that the word made first, as RTA_ENCAP_TYPE does. One inside of
// another may not, since words there mean other things.
func usedFor(uses []grammar.Use, l attr.Location, outermost bool) *grammar.Use {
	if l.Spec.Word == "" {
		return nil
	}
	var byWord *grammar.Use
	for i := range uses {
		u := &uses[i]
		if u.Word != l.Spec.Word {
			continue
		}
		if nl.HeaderLen+u.At == l.Start {
			return u
		}
		byWord = u
	}
	if outermost {
		return byWord
	}
	return nil
}

// asTyped is a word as typed with its value.
func asTyped(u *grammar.Use, args []string) string {
	end := u.Arg + 2
	if u.Word == "to" { // [ to ] [ TYPE ] PREFIX: the prefix ends it
		for end = u.Arg + 1; end < len(args) && !strings.ContainsAny(args[end-1], "./:0123456789"); end++ {
		}
	}
	return string(out.AppendSafe(nil, strings.Join(args[u.Arg:min(end, len(args))], " ")))
}

// mistake reports a mistake in the words: ip's text, then help or the words
// that would have been right.
func (a *app) mistake(e *grammar.Error, args []string, usage func() string) error {
	for _, w := range e.Warnings {
		fmt.Fprint(a.env.Err, w)
	}
	if e.Help {
		fmt.Fprint(a.env.Err, usage())
		return exitError(e.Exit)
	}
	a.env.Err.Write(safeLines(e.Text))
	if a.report != nil && e.Arg < len(args) {
		a.report.argument = string(out.AppendSafe(nil, args[e.Arg]))
	}
	if e.Arg < len(args) && len(e.Want) > 0 {
		if s := closest(args[e.Arg], e.Want); s != "" {
			a.note("no %s is called %q; did you mean `%s`?", e.What, args[e.Arg], out.AppendSafe(nil, s))
		}
	}
	if e.Arg < len(args) {
		w := args[e.Arg]
		own := ""
		if strings.HasPrefix(w, "--") {
			own = meantOption(w[1:])
		}
		switch {
		case a.inBatch && (own != "" || isOption(w)):
			a.note("options stand before -batch, not in its lines")
		case own != "":
			a.note("did you mean `%s`?", own)
		case isOption(w):
			a.note("options stand before the object: nhctl %s %s …", w, a.prog)
		case e.What == "keyword" && isNumber(w) && strings.HasPrefix(a.prog, "nexthop"):
			a.note("an object is said with its keyword: `id %s`", out.AppendSafe(nil, w))
		}
	}
	return exitError(e.Exit)
}

func isNumber(w string) bool {
	_, ok := grammar.Number(w)
	return ok
}

// optionMistake reports a mistake in the options.
func (a *app) optionMistake(err error) int {
	var e *optionError
	if !errors.As(err, &e) {
		return a.code(err)
	}
	if e.help {
		fmt.Fprint(a.env.Err, usageRoot())
	} else {
		a.env.Err.Write(safeLines(e.text))
		if c := meantOption(e.unknown); c != "" {
			a.note("did you mean `%s`?", c)
		}
	}
	return e.exit
}

// safeLines keeps the line ends of a text and makes the rest safe for a
// terminal.
func safeLines(s string) []byte {
	var b []byte
	for i, l := range strings.Split(s, "\n") {
		if i > 0 {
			b = append(b, '\n')
		}
		b = out.AppendSafe(b, l)
	}
	return b
}
