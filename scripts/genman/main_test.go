package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"nhctl/internal/cli/grammar"
)

// TestPagesAreUpToDate is `genman -check` on the pages of this module.
func TestPagesAreUpToDate(t *testing.T) {
	stale, err := run(filepath.Join("..", "..", "docs", "man"), true)
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range stale {
		t.Errorf("%s is not up to date; run: make man", page)
	}
}

func TestRewrite(t *testing.T) {
	block := func(name string) ([]string, bool) { return []string{"fresh", ".El"}, name == "a" }
	for _, c := range []struct {
		name, page, want, err string
	}{
		{"nothing to do", ".Sh NAME\n", ".Sh NAME\n", ""},
		{"empty block", "x\n.\\\" generated: a\n.\\\" end\ny\n", "x\n.\\\" generated: a\nfresh\n.El\n.\\\" end\ny\n", ""},
		{"old lines go", ".\\\" generated: a\nold\nold\n.\\\" end\n", ".\\\" generated: a\nfresh\n.El\n.\\\" end\n", ""},
		{"unknown", "\n.\\\" generated: b\n.\\\" end\n", "", `line 2: there is no block "b"`},
		{"no end", ".\\\" generated: a\n", "", `line 1: block "a" has no end`},
		{"end alone", "x\n.\\\" end\n", "", "line 2: no block ends here"},
		{"nested", ".\\\" generated: a\n.\\\" generated: a\n", "", `line 2: block "a" begins inside block "a"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := rewrite([]byte(c.page), block)
			switch {
			case c.err != "":
				if err == nil || err.Error() != c.err {
					t.Errorf("want error %q, got %v", c.err, err)
				}
			case err != nil || string(got) != c.want:
				t.Errorf("want %q, got %q, %v", c.want, got, err)
			}
		})
	}
}

// TestRun writes a stale page, finds it good afterwards, and leaves it alone
// with -check.
func TestRun(t *testing.T) {
	dir := t.TempDir()
	page := filepath.Join(dir, "x.8")
	var want strings.Builder
	for name := range blocks {
		want.WriteString(beginMark + name + "\n" + endMark + "\n")
	}
	if err := os.WriteFile(page, []byte(want.String()), 0o644); err != nil {
		t.Fatal(err)
	}
	if stale, err := run(dir, true); err != nil || len(stale) != 1 {
		t.Fatalf("want one stale page, got %q, %v", stale, err)
	}
	if got, _ := os.ReadFile(page); string(got) != want.String() {
		t.Fatal("-check wrote the page")
	}
	if stale, err := run(dir, false); err != nil || len(stale) != 0 {
		t.Fatalf("want no stale page, got %q, %v", stale, err)
	}
	if stale, err := run(dir, true); err != nil || len(stale) != 0 {
		t.Fatalf("want the page good now, got %q, %v", stale, err)
	}
	if err := os.WriteFile(page, []byte(".Sh NAME\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := run(dir, true); err == nil || !strings.Contains(err.Error(), "no page has the block") {
		t.Fatalf("want it said that blocks are in no page, got %v", err)
	}
	if _, err := run(t.TempDir(), true); err == nil {
		t.Fatal("a folder without pages is no error")
	}
}

func TestItem(t *testing.T) {
	for _, c := range []struct {
		k    grammar.Keyword
		want string
	}{
		{grammar.Keyword{Word: "onlink"}, ".It Cm onlink"},
		{grammar.Keyword{Word: "dsfield", Also: []string{"tos"}, Value: "TOS"}, ".It Cm dsfield | tos Ar tos"},
		{grammar.Keyword{Word: "via", Value: "[ FAMILY ] ADDRESS"}, ".It Cm via Oo Ar family Oc Ar address"},
		{grammar.Keyword{Word: "realms", Value: "[ FROM/ ]TO"}, `.It Cm realms Oo Ar from Ns No \&/ Oc Ns Ar to`},
		{grammar.Keyword{Word: "mtu", Value: "[ lock ] NUMBER"}, ".It Cm mtu Oo Cm lock Oc Ar number"},
		{grammar.Keyword{Word: "quickack", Value: "{ 0 | 1 }"}, ".It Cm quickack Bro Cm 0 | Cm 1 Brc"},
		{grammar.Keyword{Word: "table", Value: "TABLE_ID"}, ".It Cm table Ar table"},
		{grammar.Keyword{Word: "segs", Value: "ADDRESS[,...]"}, `.It Cm segs Ar address Ns Oo No \&,... Oc`},
	} {
		if got := item(c.k); got != c.want {
			t.Errorf("%v\nwant %s\ngot  %s", c.k, c.want, got)
		}
	}
}

func TestSentence(t *testing.T) {
	for _, c := range []struct {
		doc, in string
		want    []string
	}{
		{"One thing.", "", []string{"One thing."}},
		{"One thing.", "RTA_X", []string{"One thing", ".Pq Dv RTA_X ."}},
		{"One thing", "rtm_x", []string{"One thing", ".Pq Va rtm_x ."}},
		{"One. Two.", "RTA_X", []string{"One.", "Two", ".Pq Dv RTA_X ."}},
		{`.dot and \ slash`, "", []string{`\&.dot and \e slash.`}},
		{"'quoted'", "", []string{`\&'quoted'.`}},
	} {
		if got := sentence(c.doc, c.in); strings.Join(got, "\n") != strings.Join(c.want, "\n") {
			t.Errorf("%q\nwant %q\ngot  %q", c.doc, c.want, got)
		}
	}
	for _, l := range sentence(strings.Repeat("word ", 40), "") {
		if len(l) > 76 {
			t.Errorf("a line of %d bytes: %s", len(l), l)
		}
	}
}
