// Package internal_test holds the tests of the house itself: which room may
// use which.
package internal_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// module is the path every package of this repository begins with.
const module = "nhctl/"

// edges is the import graph: a package, what it may import, and why. A package
// that is not a key here fails the test, so a new room is put on the plan
// before it is built. Paths are relative to the module; the arrows of code
// that is not a test are listed, since those are what ends up in the binary.
var edges = map[string]map[string]string{
	"cmd/nhctl": {
		"internal/cli": "main hands over its arguments and exits with the answer",
	},
	"internal/cli": {
		"internal/cli/out":     "prints the values it got",
		"internal/cli/grammar": "turns words into requests",
		"internal/cache":       "runs the monitor",
		"internal/gateway":     "runs the gateway verbs",
		"internal/nl/rt":       "sends requests and filters replies",
		"internal/nl":          "the Conn it is given, and errors to exit codes",
		"internal/nl/attr":     "Opt, the type of rt's optional fields",
		"internal/nl/sock":     "opens the one real Conn (env.go alone, see TestOnlyOneFileOpensSockets)",
	},
	"internal/cli/out": {
		"internal/nl/rt":   "the values it prints",
		"internal/nl/attr": "walks the tables: keys, words, names",
		"internal/nl":      "prints message headers and errors",
		"internal/cache":   "prints events",
	},
	"internal/cli/grammar": {
		"internal/nl/rt":   "the requests it builds",
		"internal/nl/attr": "keywords are a column of the tables",
		"internal/nl":      "verbs are message flags",
	},
	"internal/cache": {
		"internal/nl/rt": "keeps routes, nexthops and links",
		"internal/nl":    "takes messages as they came",
	},
	"internal/gateway": {
		"internal/cache": "waits until the picture satisfies the goal",
		"internal/nl/rt": "plans in routes",
		"internal/nl":    "tells a refusal from a failure",
	},
	"internal/nl/rt": {
		"internal/nl":      "requests are messages",
		"internal/nl/attr": "the tables",
	},
	"internal/nl/sock": {
		"internal/nl": "implements Conn",
	},
	"internal/nl": {
		"internal/nl/attr": "the attributes of an extended ack",
	},
	"internal/nl/attr": {},
	"internal/nl/nltest": {
		"internal/nl":      "a recorded Conn",
		"internal/nl/attr": "dumps bytes with their names",
	},
	"docs/man": {},
}

// scripts is what a program below scripts/ may import: it sees the tool from
// outside, or reads the tables to write pages from them.
var scripts = map[string]string{
	"internal/cli":         "the command tree, for pages and completion",
	"internal/cli/grammar": "the keyword lists, for the pages (genman)",
	"internal/nl/rt":       "the tables, for the pages",
	"internal/nl/attr":     "Spec, the type of the tables' rows (genman)",
	"docs/man":             "the pages",
}

// doors lists the outside modules and the packages that may import them. The
// reason stands with the module: it is what the door keeps out.
var doors = []struct {
	path   string // an import path or its beginning
	reason string
	by     []string
}{
	{
		"github.com/olekukonko/tablewriter",
		"tables are one way to print, and can be swapped in one place",
		[]string{"internal/cli/out"},
	},
	{
		"github.com/spf13/cobra",
		"the command tree; keyword parsing must not depend on it",
		[]string{"internal/cli"},
	},
	{
		"github.com/spf13/pflag",
		"cobra's flags",
		[]string{"internal/cli"},
	},
	{
		"github.com/vishvananda/netlink",
		"the socket; a second decoder must not creep in",
		[]string{"internal/nl/sock"},
	},
	{
		"github.com/vishvananda/netns",
		"a handle type in the signatures of the module above",
		[]string{"internal/nl/sock"},
	},
	{
		"golang.org/x/sys/unix",
		"sockets (sock), namespaces (cli, nltest, bench), and the kernel's numbers (see numbersOnly)",
		[]string{
			"internal/nl/sock", "internal/cli", "internal/nl/nltest", "scripts/bench",
			"internal/nl/rt", "internal/cli/grammar", "internal/cli/out",
		},
	},
}

// numbersOnly are the rooms that may use the constants of x/sys/unix but call
// none of its functions, for they turn values into values and make no system
// call; pureCalls are the functions that make none either.
var (
	numbersOnly = []string{"internal/nl/rt", "internal/cli/grammar", "internal/cli/out"}
	pureCalls   = []string{"unix.ErrnoName"}
)

// testDoors are further outside modules that tests, and only tests, may use.
var testDoors = []string{
	"github.com/rogpeppe/go-internal", // testscript: commands as users type them; diff
	"github.com/vishvananda/netlink",  // a second opinion from a decoder that is not ours
	"golang.org/x/sys/unix",           // namespaces, constants in expected bytes
}

// A file is one Go file of the module with what it imports.
type file struct {
	name    string // relative to the module
	test    bool
	imports []string
	calls   []string // functions of x/sys/unix that it calls, less pureCalls
}

func TestImportGraph(t *testing.T) {
	for dir, files := range packages(t) {
		allowed, known := edges[dir]
		if strings.HasPrefix(dir, "scripts") {
			allowed, known = scripts, true
		}
		for _, f := range files {
			if !known && !f.test {
				t.Errorf("%s: package %s is not in the list of rooms; add it to edges with what it may import", f.name, dir)
				break
			}
			for _, imp := range f.imports {
				if err := check(dir, f.test, imp, allowed); err != nil {
					t.Errorf("%s: %v", f.name, err)
				}
			}
			if !f.test && slices.Contains(numbersOnly, dir) && len(f.calls) > 0 {
				t.Errorf("%s: %s may use the kernel's numbers but calls %q", f.name, dir, f.calls)
			}
		}
	}
}

// check returns why a file in dir must not import imp, or nil.
func check(dir string, test bool, imp string, allowed map[string]string) error {
	if inner, ok := strings.CutPrefix(imp, module); ok {
		switch _, ok := allowed[inner]; {
		case test: // tests may look into any room, and at nltest
			return nil
		case inner == "internal/nl/nltest":
			return fmt.Errorf("imports %s, which is for tests only", inner)
		case !ok:
			return fmt.Errorf("%s must not import %s; if it has to, add the edge with its reason", dir, inner)
		}
		return nil
	}
	if first, _, _ := strings.Cut(imp, "/"); !strings.Contains(first, ".") {
		return nil // standard library
	}
	if test && slices.ContainsFunc(testDoors, func(p string) bool { return within(imp, p) }) {
		return nil
	}
	for _, d := range doors {
		if !within(imp, d.path) {
			continue
		}
		if slices.Contains(d.by, dir) {
			return nil
		}
		return fmt.Errorf("%s must not import %s, which belongs to %s: %s", dir, imp, strings.Join(d.by, ", "), d.reason)
	}
	return fmt.Errorf("imports %s, an outside module that has no door yet", imp)
}

// TestOnlyOneFileOpensSockets holds the command line to one place where a real
// socket comes from, so that everything else runs against any nl.Conn.
func TestOnlyOneFileOpensSockets(t *testing.T) {
	const want = "internal/cli/env.go"
	all := packages(t)
	var got []string
	for _, files := range all {
		for _, f := range files {
			if !f.test && slices.Contains(f.imports, module+"internal/nl/sock") {
				got = append(got, f.name)
			}
		}
	}
	slices.Sort(got)
	if len(all["internal/cli"]) == 0 {
		t.Fatal("go list knows no package internal/cli")
	}
	if !slices.Equal(got, []string{want}) {
		t.Errorf("want internal/nl/sock imported by %s alone, got %q", want, got)
	}
}

// TestEdgesPointOneWay keeps the list above honest: were it cyclic, its order
// of rooms would mean nothing, even where the compiler sees no cycle yet.
func TestEdgesPointOneWay(t *testing.T) {
	const walking, done = 1, 2
	state := map[string]int{}
	var walk func(dir string, trail []string)
	walk = func(dir string, trail []string) {
		trail = append(trail, dir)
		switch state[dir] {
		case done:
			return
		case walking:
			t.Errorf("allowed edges form a cycle: %s", strings.Join(trail, " -> "))
			return
		}
		state[dir] = walking
		for to, reason := range edges[dir] {
			if _, ok := edges[to]; !ok {
				t.Errorf("edge %s -> %s leads to no room of the list", dir, to)
			}
			if reason == "" {
				t.Errorf("edge %s -> %s has no reason", dir, to)
			}
			walk(to, trail)
		}
		state[dir] = done
	}
	for dir := range edges {
		walk(dir, nil)
	}
}

// packages returns the files of every package of the module, keyed by the
// package's folder. Files are parsed here, though go list knows the imports
// too, for two reasons: a fault is told with the file it is in, and go test
// sees which files this test read, so that a cached pass is never stale.
func packages(t *testing.T) map[string][]file {
	t.Helper()
	root, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	touchFolders(t, root)

	cmd := exec.Command("go", "list", "-e", "-json=ImportPath,Dir,GoFiles,CgoFiles,TestGoFiles,XTestGoFiles,IgnoredGoFiles", "./...")
	cmd.Dir = root
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &stderr)
	}

	all := map[string][]file{}
	for dec := json.NewDecoder(bytes.NewReader(stdout)); ; {
		var p struct {
			ImportPath, Dir                                              string
			GoFiles, CgoFiles, TestGoFiles, XTestGoFiles, IgnoredGoFiles []string
		}
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("go list: %v", err)
		}
		dir := strings.TrimPrefix(p.ImportPath, module)
		for _, name := range slices.Concat(p.GoFiles, p.CgoFiles, p.TestGoFiles, p.XTestGoFiles, p.IgnoredGoFiles) {
			f := file{name: path.Join(dir, name), test: strings.HasSuffix(name, "_test.go")}
			parsed, err := parser.ParseFile(token.NewFileSet(), filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			for _, spec := range parsed.Imports {
				imp, err := strconv.Unquote(spec.Path.Value)
				if err != nil {
					t.Fatal(err)
				}
				f.imports = append(f.imports, imp)
			}
			if slices.Contains(f.imports, "golang.org/x/sys/unix") {
				f.calls = unixCalls(parsed)
			}
			all[dir] = append(all[dir], f)
		}
	}
	return all
}

// unixCalls returns the functions of package unix that f calls, without the
// pure ones.
func unixCalls(f *ast.File) (calls []string) {
	ast.Inspect(f, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && pkg.Name == "unix" {
				if name := "unix." + sel.Sel.Name; !slices.Contains(pureCalls, name) {
					calls = append(calls, name)
				}
			}
		}
		return true
	})
	return calls
}

// touchFolders walks every folder that may hold Go files, for the walk's own
// sake: like the parsing above it tells go test what this test depends on, so
// that a new folder counts too.
func touchFolders(t *testing.T, root string) {
	t.Helper()
	err := filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || !d.IsDir() || name == root {
			return err
		}
		if strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// within reports whether import path imp is p or lies below it.
func within(imp, p string) bool {
	return imp == p || strings.HasPrefix(imp, p+"/")
}
