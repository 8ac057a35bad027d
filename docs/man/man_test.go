//go:build linux

// Tests of the manual pages: that nothing of the program is missing in them,
// and that their examples do what they show.
package man_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"nhctl/docs/man"
	"nhctl/internal/cli"
	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/nltest"
	"nhctl/internal/nl/rt"
)

// TestMain is nhctl itself when it is called so, which is how the examples run
// what is built here.
func TestMain(m *testing.M) {
	if filepath.Base(os.Args[0]) == "nhctl" {
		os.Exit(cli.Main(os.Args))
	}
	flag.Parse()
	nltest.Enter()
	os.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin:/sbin")
	os.Exit(m.Run())
}

func TestPage(t *testing.T) {
	files, err := filepath.Glob("*.[1-9]")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range files {
		name := strings.TrimSuffix(f, ".8")
		names = append(names, name)
		want, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, topic := range []string{f, name, strings.TrimPrefix(name, "nhctl-")} {
			if got, ok := man.Page(topic); !ok || got != string(want) {
				t.Errorf("Page(%q) is not %s: embed it", topic, f)
			}
		}
	}
	if got := man.Topics(); !slices.Equal(got, names) {
		t.Errorf("want topics %q, got %q", names, got)
	}
	if got, _ := man.Page(""); !strings.Contains(got, ".Dt NHCTL 8\n") {
		t.Error("no topic is not nhctl(8)")
	}
	for _, topic := range []string{"no-such-page", "../man/nhctl", "man.go", "nhctl-"} {
		if _, ok := man.Page(topic); ok {
			t.Errorf("Page(%q) is a page", topic)
		}
	}
}

// words are the words of a page, without macros and what they print as marks.
func words(t *testing.T, topic string) map[string]bool {
	t.Helper()
	page, ok := man.Page(topic)
	if !ok {
		t.Fatalf("no page on %q", topic)
	}
	all := map[string]bool{}
	for _, w := range strings.Fields(plain(page)) {
		all[w] = true
		all[strings.Trim(w, `.,:;()"'`)] = true
	}
	return all
}

// plain takes roff's escapes out of a text.
func plain(s string) string {
	return strings.NewReplacer(`\&`, "", `\-`, "-", `\e`, `\`, `\~`, " ", `\(mu`, "×", `\(dg`, "†").Replace(s)
}

// complete is what a shell is offered behind args: words, each with what is
// said of it.
func complete(t *testing.T, args ...string) (offered []string) {
	t.Helper()
	var out bytes.Buffer
	env := &cli.Env{
		In: strings.NewReader(""), Out: &out, Err: &out,
		Getenv: func(string) string { return "" },
	}
	cli.Run(env, append([]string{"nhctl", "__complete"}, args...))
	for l := range strings.Lines(out.String()) {
		if w, _, _ := strings.Cut(strings.TrimSpace(l), "\t"); !strings.HasPrefix(w, ":") && w != "" {
			offered = append(offered, w)
		}
	}
	if len(offered) == 0 {
		t.Fatalf("nothing is offered behind %q", args)
	}
	return offered
}

// TestEveryCommandHasAPage looks for objects, their verbs and the options. The
// lists are those of completion.
func TestEveryCommandHasAPage(t *testing.T) {
	main := words(t, "nhctl")
	for _, object := range complete(t, "") {
		if !main[object] {
			t.Errorf("nhctl(8) does not have the object %s", object)
		}
	}
	for _, path := range [][]string{{"route"}, {"nexthop"}, {"nexthop", "bucket"}} {
		page := words(t, path[0])
		for _, verb := range complete(t, append(path, "")...) {
			if !page[verb] {
				t.Errorf("nhctl-%s(8) does not have the verb %q %s", path[0], path, verb)
			}
		}
	}
	for _, opt := range append(complete(t, "-"), "--check-first") {
		if opt = strings.TrimPrefix(opt, "-"); !main[opt] {
			t.Errorf("nhctl(8) does not have the option -%s", opt)
		}
	}
	for _, format := range complete(t, "--format", "") {
		if !main[format] {
			t.Errorf("nhctl(8) does not have --format %s", format)
		}
	}
}

// TestEveryWordHasAPage looks for the keywords of the grammar and for the words
// and JSON keys of the attribute tables.
func TestEveryWordHasAPage(t *testing.T) {
	for topic, keywords := range map[string][][]grammar.Keyword{
		"route": {
			grammar.RouteKeywords(), grammar.RouteListKeywords(), grammar.RouteGetKeywords(),
		},
		"nexthop": {
			grammar.NexthopKeywords(), grammar.NexthopListKeywords(), grammar.BucketListKeywords(),
		},
	} {
		page := words(t, topic)
		for _, ks := range keywords {
			for _, k := range ks {
				for _, w := range append([]string{k.Word}, k.Also...) {
					if !page[w] {
						t.Errorf("nhctl-%s(8) does not have the word %s", topic, w)
					}
				}
			}
		}
	}

	route, nexthop := words(t, "route"), words(t, "nexthop")
	for _, typ := range rt.EncapTypes() {
		name := rt.EncapName(typ)
		if !route[name] {
			t.Errorf("nhctl-route(8) does not have encap %s", name)
		}
		for _, k := range grammar.EncapKeywords(typ) {
			if !route[k.Word] {
				t.Errorf("nhctl-route(8) does not have the word %s of encap %s", k.Word, name)
			}
		}
		for _, s := range rt.EncapSpace(typ).Specs() {
			if s.Word != "" && !route[s.Word] {
				t.Errorf("nhctl-route(8) does not have the word %s of %s", s.Word, s.Name)
			}
		}
	}
	for _, list := range []rt.Words{
		rt.Seg6ModeWords, rt.Seg6ActionWords, rt.Seg6FlavorWords, rt.IOAM6ModeWords, rt.ILACsumWords, rt.ILAHookWords,
	} {
		for _, w := range list.All() {
			if !route[w] {
				t.Errorf("nhctl-route(8) does not have the value %s", w)
			}
		}
	}
	for _, w := range complete(t, "route", "add", "10.0.0.0/8", "nexthop", "via", "10.0.0.1", "") {
		if !route[w] {
			t.Errorf("nhctl-route(8) does not have the word %s behind nexthop", w)
		}
	}
	for w := range strings.FieldsSeq("unicast local broadcast brd multicast anycast throw unreachable prohibit blackhole nat xresolve root match exact to lock ecn tcp_usec_ts") {
		if !route[w] {
			t.Errorf("nhctl-route(8) does not have the word %s", w)
		}
	}
	for _, x := range []struct {
		page  map[string]bool
		name  string
		specs []attr.Spec
	}{
		{route, "nhctl-route(8)", rt.RouteTable.Specs()},
		{route, "nhctl-route(8)", rt.HopTable.Specs()},
		{route, "nhctl-route(8)", rt.MetricsTable.Specs()},
		{nexthop, "nhctl-nexthop(8)", rt.NexthopTable.Specs()},
		{nexthop, "nhctl-nexthop(8)", rt.ResGroupTable.Specs()},
		{nexthop, "nhctl-nexthop(8)", rt.ResBucketTable.Specs()},
		{nexthop, "nhctl-nexthop(8)", rt.GroupStatsTable.Specs()},
	} {
		for _, s := range x.specs {
			for _, w := range []string{s.Word, s.Key} {
				if w != "" && !x.page[w] {
					t.Errorf("%s does not have %s of %s", x.name, w, s.Name)
				}
			}
		}
	}
}

// TestOptionSpellings tries the first spelling of each option of ip, which the
// page says is the shortest, and all others.
func TestOptionSpellings(t *testing.T) {
	page, _ := man.Page("nhctl")
	_, options, _ := strings.Cut(page, ".Ss Options of ip\n")
	options, _, _ = strings.Cut(options, ".Ss ")
	item := regexp.MustCompile(`(?m)^(?:\.It|[ .]?)\s*Fl ([\w-]+(?: , [\w-]+)*)( Ar \w+)?( ,| \.|$)|^\.It Fl (c , color)`)
	n := 0
	for _, m := range item.FindAllStringSubmatch(options, -1) {
		spellings := m[1] + m[4]
		for name := range strings.SplitSeq(spellings, " , ") {
			if !strings.Contains(m[0], ".It") && name == spellings {
				continue // a mention in the text
			}
			n++
			args := []string{"nhctl", "-" + name}
			switch {
			case strings.HasPrefix("family", name):
				args = append(args, "inet")
			case m[2] != "":
				args = append(args, "1")
			}
			if name == "he" || name == "help" || name == "b" || name == "batch" || name == "n" || name == "netns" {
				continue // they do something at once
			}
			var out bytes.Buffer
			env := &cli.Env{In: strings.NewReader(""), Out: &out, Err: &out, Getenv: func(string) string { return "" }}
			if code := cli.Run(env, append(args, "-V")); code != 0 || !strings.HasPrefix(out.String(), "ip utility") {
				t.Errorf("%q: exit code %d: %s", args[1:], code, &out)
			}
		}
	}
	if n < 40 {
		t.Errorf("only %d spellings were found in the page", n)
	}
}

// TestNoMachineInPages keeps what belongs to one machine out of the pages.
func TestNoMachineInPages(t *testing.T) {
	for _, topic := range man.Topics() {
		page, _ := man.Page(topic)
		for i, l := range strings.Split(page, "\n") {
			for _, no := range []string{"/tmp/", "/home/", "/root/"} {
				if strings.Contains(l, no) {
					t.Errorf("%s:%d: %s", topic, i+1, l)
				}
			}
		}
		if want := ".Dd November 21, 2026\n"; !strings.HasPrefix(page, want) {
			t.Errorf("%s: want it to begin with %q", topic, want)
		}
	}
}

// example is a command of a page, and what stands below it.
type example struct {
	where   string
	command string
	want    string
}

// examples are the commands of a section's literal displays: lines that begin
// with "# ", or with "nhctl " where dry is set, each with the lines below it.
func examples(t *testing.T, topic, section string, dry bool) (all []example) {
	t.Helper()
	page, ok := man.Page(topic)
	if !ok {
		t.Fatalf("no page on %s", topic)
	}
	in, literal, here := false, false, ""
	var ex *example
	for i, l := range strings.Split(page, "\n") {
		switch {
		case strings.HasPrefix(l, ".Sh "):
			in = l == ".Sh "+section
		case !in:
		case strings.HasPrefix(l, ".Bd -literal"):
			literal, ex = true, nil
		case l == ".Ed":
			literal = false
		case !literal:
		default:
			for j := range len(l) {
				if l[j] == '-' && (j == 0 || l[j-1] != '\\') {
					t.Errorf(`%s:%d: write \- in literal text, so that it can be copied: %s`, topic, i+1, l)
					break
				}
			}
			l = plain(l)
			command, begins := strings.CutPrefix(l, "# ")
			if dry {
				command, begins = l, strings.HasPrefix(l, "nhctl ")
			}
			switch {
			case here != "": // of a here document
				ex.command += "\n" + l
				if l == here {
					here = ""
				}
			case begins:
				all = append(all, example{where: fmt.Sprintf("%s:%d", topic, i+1), command: command})
				ex = &all[len(all)-1]
				if _, mark, ok := strings.Cut(l, "<<'"); ok {
					here, _, _ = strings.Cut(mark, "'")
				}
			case ex == nil:
				t.Errorf("%s:%d: output without a command", topic, i+1)
			case ex.want == "" && (strings.HasSuffix(ex.command, `\`) || strings.HasSuffix(ex.command, "&&")):
				ex.command += "\n" + l
			default:
				ex.want += l + "\n"
			}
		}
	}
	if len(all) == 0 {
		t.Errorf("%s has no commands in %s", topic, section)
	}
	return all
}
