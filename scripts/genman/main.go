// Command genman rewrites the generated blocks of the man pages, so that the
// pages say of each word what the attribute tables and the grammar say:
//
//	.\" generated: NAME
//	…
//	.\" end
//
// What stands between is replaced by what the block of that name is now. With
// -check nothing is written, and the exit code is 1 when something would be.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nhctl/internal/cli/grammar"
	"nhctl/internal/nl/attr"
	"nhctl/internal/nl/rt"
)

func main() {
	check := flag.Bool("check", false, "write nothing; exit 1 when a page is not up to date")
	dir := flag.String("dir", "", "folder of the pages (default: docs/man of this module)")
	flag.Parse()
	stale, err := run(*dir, *check)
	for _, page := range stale {
		fmt.Fprintf(os.Stderr, "%s is not up to date; run: make man\n", page)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "genman:", err)
	}
	if err != nil || len(stale) > 0 {
		os.Exit(1)
	}
}

// run brings the pages of dir up to date. With check it writes nothing and
// returns the pages that are not.
func run(dir string, check bool) (stale []string, err error) {
	defer func() {
		switch r := recover().(type) {
		case nil:
		case unknownWord:
			err = fmt.Errorf("nothing is known of the word %q: give it a row, or a note in genman", string(r))
		default:
			panic(r)
		}
	}()
	if dir == "" {
		root, err := moduleRoot()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(root, "docs", "man")
	}
	pages, err := filepath.Glob(filepath.Join(dir, "*.[1-9]"))
	if err != nil || len(pages) == 0 {
		return nil, errors.Join(err, fmt.Errorf("no pages in %s", dir))
	}
	used := map[string]bool{}
	for _, page := range pages {
		old, err := os.ReadFile(page)
		if err != nil {
			return nil, err
		}
		fresh, err := rewrite(old, func(name string) ([]string, bool) {
			b, ok := blocks[name]
			if !ok {
				return nil, false
			}
			used[name] = true
			return b(), true
		})
		if err != nil {
			return nil, fmt.Errorf("%s: %w", page, err)
		}
		switch {
		case bytes.Equal(old, fresh):
		case check:
			stale = append(stale, page)
		default:
			if err := os.WriteFile(page, fresh, 0o644); err != nil {
				return nil, err
			}
		}
	}
	for name := range blocks {
		if !used[name] {
			err = errors.Join(err, fmt.Errorf("no page has the block %q", name))
		}
	}
	return stale, err
}

// moduleRoot is the nearest folder above with a go.mod.
func moduleRoot() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
		if filepath.Dir(dir) == dir {
			return "", errors.New("no go.mod here or above; say the folder with -dir")
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

const (
	beginMark = `.\" generated: `
	endMark   = `.\" end`
)

// rewrite puts the lines of each block where the page wants them.
func rewrite(page []byte, block func(name string) ([]string, bool)) ([]byte, error) {
	var out bytes.Buffer
	name, at := "", 0
	for i, line := range strings.Split(strings.TrimSuffix(string(page), "\n"), "\n") {
		begins, found := strings.CutPrefix(line, beginMark)
		switch {
		case found && name != "":
			return nil, fmt.Errorf("line %d: block %q begins inside block %q", i+1, begins, name)
		case found:
			lines, ok := block(begins)
			if !ok {
				return nil, fmt.Errorf("line %d: there is no block %q", i+1, begins)
			}
			name, at = begins, i+1
			io.WriteString(&out, line+"\n")
			for _, l := range lines {
				io.WriteString(&out, l+"\n")
			}
		case line == endMark && name == "":
			return nil, fmt.Errorf("line %d: no block ends here", i+1)
		case line == endMark:
			name = ""
			fallthrough
		case name == "":
			io.WriteString(&out, line+"\n")
		}
	}
	if name != "" {
		return nil, fmt.Errorf("line %d: block %q has no end", at, name)
	}
	return out.Bytes(), nil
}

// blocks are what the pages may ask for.
var blocks = func() map[string]func() []string {
	metrics := rt.MetricsTable.Specs()
	isMetric := func(w string) bool { return len(rows(w, metrics)) > 0 }
	b := map[string]func() []string{
		"route words": func() []string {
			return list(without(grammar.RouteKeywords(), isMetric), header, rt.RouteTable.Specs())
		},
		"route metrics": func() []string {
			return list(without(grammar.RouteKeywords(), func(w string) bool { return !isMetric(w) }), nil, metrics)
		},
		"route get words": func() []string {
			return list(grammar.RouteGetKeywords(), lookUp, rt.RouteTable.Specs())
		},
		"nexthop words": func() []string {
			return list(grammar.NexthopKeywords(), object, rt.NexthopTable.Specs())
		},
		"resilient words": func() []string { return list(typed(rt.ResGroupTable.Specs()), nil, rt.ResGroupTable.Specs()) },
	}
	for _, typ := range rt.EncapTypes() {
		specs := rt.EncapSpace(typ).Specs()
		if typ == rt.EncapIP || typ == rt.EncapIP6 {
			specs = append(specs, rt.IPOptionsTable.Specs()...)
		}
		notes := tunnel
		if typ == rt.EncapSeg6 {
			notes = segmentRouting
		}
		b["encap "+rt.EncapName(typ)] = func() []string { return list(grammar.EncapKeywords(typ), notes, specs) }
	}
	return b
}()

// A note is what is to be said of a word that no attribute has: its value goes
// into the header of the message, or into the attribute of another word.
type note struct {
	doc string
	in  string // the C name of where the value goes
}

// Words of routes that stand in struct rtmsg.
var header = map[string]note{
	"dsfield":  {"Type of service that IPv4 packets must have", "rtm_tos"},
	"scope":    {"How far away destinations are", "rtm_scope"},
	"onlink":   {"The gateway is reachable on the device's link whatever the other routes say", "RTNH_F_ONLINK"},
	"protocol": {"Who made the route", "rtm_protocol"},
	"vrf":      {"The table of this VRF device, in place of table", "RTA_TABLE"},
}

// Words of look-ups.
var lookUp = map[string]note{
	"dsfield":   {"Type of service of the packet", "rtm_tos"},
	"from":      {"Source address of the packet", "RTA_SRC"},
	"oif":       {"Device that the packet shall leave by", "RTA_OIF"},
	"notify":    {"Be told when the route changes; no kernel does this any more", "RTM_F_NOTIFY"},
	"connected": {"Ask the same a second time, and print both answers", ""},
	"vrf":       {"Look up in the table of this VRF device", "RTA_OIF"},
	"fibmatch":  {"Show the route as it stands in the table, not what came of the look-up", "RTM_F_FIB_MATCH"},
}

// Words of nexthop objects that stand in struct nhmsg.
var object = map[string]note{
	"onlink":   header["onlink"],
	"protocol": {"Who made the object", "nh_protocol"},
	"type":     {"How the group chooses a member", "NHA_GROUP_TYPE"},
}

// Words of encapsulations that share an attribute.
var tunnel = map[string]note{
	"csum":     {"Send checksums", "TUNNEL_CSUM"},
	"seq":      {"Send sequence numbers", "TUNNEL_SEQ"},
	"key":      {"Send the id as a key", "TUNNEL_KEY"},
	"hmac":     {"Sign the header with this key of the kernel", "SR6_TLV_HMAC"},
	"freq":     {"Put a trace into k of n packets, n being at most 1000000", "IOAM6_IPTUNNEL_FREQ_K"},
	"prealloc": {"The trace is of the pre-allocated kind, which is the only one", ""},
	"type":     {"Bits that say which data to collect, of 24", ""},
	"ns":       {"IOAM namespace", ""},
	"size":     {"Room for the data in bytes, a multiple of 4, at most 244", ""},
}

// Of seg6, whose mode and segments are one attribute.
var segmentRouting = map[string]note{
	"mode": {"How the header gets into packets", "SEG6_IPTUNNEL_SRH"},
	"segs": {"Segments to visit, the first one first", "SEG6_IPTUNNEL_SRH"},
	"hmac": tunnel["hmac"],
}

// typed makes keywords of rows that users type, for words without a list in
// the grammar.
func typed(specs []attr.Spec) (ks []grammar.Keyword) {
	for _, s := range specs {
		if s.Word == "" {
			continue
		}
		value := "SECONDS"
		if !strings.HasSuffix(s.Word, "timer") {
			value = "NUMBER"
		}
		ks = append(ks, grammar.Keyword{Word: s.Word, Value: value})
	}
	return ks
}

func without(ks []grammar.Keyword, drop func(word string) bool) []grammar.Keyword {
	return slices.DeleteFunc(ks, func(k grammar.Keyword) bool { return drop(k.Word) })
}

// rows are the attributes that a word fills.
func rows(word string, specs []attr.Spec) (found []attr.Spec) {
	for _, s := range specs {
		if s.Word == word {
			found = append(found, s)
		}
	}
	return found
}

// unknownWord is a word of the grammar that has neither a row nor a note.
type unknownWord string

// list is a tagged list of keywords, each with what its rows say of it.
func list(ks []grammar.Keyword, notes map[string]note, specs []attr.Spec) []string {
	out := []string{".Bl -tag -width Ds"}
	for _, k := range ks {
		if k.Word == "help" {
			continue
		}
		out = append(out, item(k))
		n, noted := notes[k.Word]
		found := rows(k.Word, specs)
		switch {
		case noted && n.doc != "":
			out = append(out, sentence(n.doc, n.in)...)
		case len(found) == 0:
			panic(unknownWord(k.Word))
		default:
			for _, s := range found {
				out = append(out, sentence(s.Doc, s.Name)...)
			}
		}
	}
	return append(out, ".El")
}

// item is the head of a list item: the word, its other spellings, its value.
func item(k grammar.Keyword) string {
	var b strings.Builder
	b.WriteString(".It Cm " + k.Word)
	for _, w := range k.Also {
		b.WriteString(" | " + w)
	}
	for _, m := range notation(k.Value) {
		b.WriteString(" " + m)
	}
	return b.String()
}

// plainer are the names that the pages have for values of ip.
var plainer = map[string]string{
	"table_id": "table", "rtproto": "protocol", "encaptype": "type", "encaphdr": "parameters",
	"nh": "hop", "type_args": "parameters",
}

// notation turns ip's notation of a value, such as "[ FROM/ ]TO", into macros.
func notation(s string) (out []string) {
	space := true // before what comes next
	for len(s) > 0 {
		n := 1
		var macro []string
		switch c := s[0]; {
		case c == ' ':
			space, s = true, s[1:]
			continue
		case c == '[':
			macro = []string{"Oo"}
		case c == ']':
			macro, space = []string{"Oc"}, true // never Ns before it
		case c == '{':
			macro = []string{"Bro"}
		case c == '}':
			macro, space = []string{"Brc"}, true
		case c == '|':
			macro = []string{"|"}
		case isWord(c):
			for n < len(s) && isWord(s[n]) {
				n++
			}
			macro = []string{"Cm", s[:n]}
			if w := strings.ToLower(s[:n]); w != s[:n] {
				macro = []string{"Ar", w}
				if plain, ok := plainer[w]; ok {
					macro[1] = plain
				}
			}
		default:
			for n < len(s) && !isWord(s[n]) && strings.IndexByte(" []{}|", s[n]) < 0 {
				n++
			}
			macro = []string{`No`, `\&` + s[:n]}
		}
		if !space {
			out = append(out, "Ns")
		}
		out = append(out, macro...)
		space, s = false, s[n:]
		if last := macro[0]; last == "Oo" || last == "Bro" {
			space = true // the bracket holds on to what follows
		}
	}
	return out
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_' || c == '-'
}

// sentence writes a sentence, and in parentheses the name of where the value
// goes, a line of input for each line of the page.
func sentence(doc, in string) (out []string) {
	doc = strings.TrimSuffix(doc, ".")
	if in == "" {
		doc += "."
	}
	line := ""
	for word := range strings.FieldsSeq(strings.ReplaceAll(doc, `\`, `\e`)) {
		switch {
		case line == "":
			line = word
		case len(line)+1+len(word) > 76:
			out = append(out, guard(line))
			line = word
		default:
			line += " " + word
		}
		if strings.HasSuffix(word, ".") && len(word) > 2 { // a sentence ends
			out = append(out, guard(line))
			line = ""
		}
	}
	if line != "" {
		out = append(out, guard(line))
	}
	if in != "" {
		macro := "Dv"
		if strings.ToLower(in) == in {
			macro = "Va"
		}
		out = append(out, ".Pq "+macro+" "+in+" .")
	}
	return out
}

// guard keeps text from being read as a request.
func guard(line string) string {
	if line[0] == '.' || line[0] == '\'' {
		return `\&` + line
	}
	return line
}
