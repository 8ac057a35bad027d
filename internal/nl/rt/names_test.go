package rt

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// namesDirs makes an etc and a usr directory of the given files, whose paths
// start with etc/ or usr/. The facts in the tests below were taken from ip of
// iproute2 7.1 with such directories mounted over the real ones.
func namesDirs(t testing.TB, files map[string]string) (etc, usr string) {
	t.Helper()
	top := t.TempDir()
	for path, text := range files {
		path = filepath.Join(top, path)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return top + "/etc", top + "/usr"
}

func TestNamesBuiltin(t *testing.T) {
	n := NewNames("", "", false, nil)
	for _, c := range []struct{ what, got, want string }{
		{"table", n.Table(254), "main"},
		{"table 0 has no name", n.Table(0), "0"},
		{"table", n.Table(4294967295), "4294967295"},
		{"proto", n.Proto(16), "dhcp"},
		{"proto", n.Proto(77), "77"},
		{"scope", n.Scope(253), "link"},
		{"scope", n.Scope(7), "7"},
		{"realm", n.Realm(0), "unknown"},
		{"realm", n.Realm(5), "5"},
		{"realm", n.Realm(256), "256"},
		{"realm", n.Realm(1 << 31), "-2147483648"},
		{"dsfield", n.DSField(0), "0"},
		{"dsfield", n.DSField(8), "0x08"},
		{"append table", string(n.AppendTable([]byte("x"), 255)), "xlocal"},
		{"append table", string(n.AppendTable([]byte("x"), 300)), "x300"},
		{"append proto", string(n.AppendProto(nil, 186)), "bgp"},
		{"append scope", string(n.AppendScope(nil, 9)), "9"},
		{"append realm", string(n.AppendRealm(nil, 1<<31)), "-2147483648"},
		{"append dsfield", string(n.AppendDSField(nil, 0xfc)), "0xfc"},
	} {
		if c.got != c.want {
			t.Errorf("%s: %q, want %q", c.what, c.got, c.want)
		}
	}
	if got, want := n.TableNames(), []string{"default", "local", "main"}; !slices.Equal(got, want) {
		t.Errorf("TableNames() = %q, want %q", got, want)
	}
	if got := len(n.ProtoNames()); got != len(builtinProtos) {
		t.Errorf("%d protocol names, want %d", got, len(builtinProtos))
	}
	if got, want := n.ScopeNames(), []string{"global", "host", "link", "nowhere", "site"}; !slices.Equal(got, want) {
		t.Errorf("ScopeNames() = %q, want %q", got, want)
	}
}

func TestNamesNumeric(t *testing.T) {
	n := NewNames("", "", true, nil)
	got := []string{n.Table(254), n.Proto(4), n.Scope(253), n.Realm(0), n.DSField(0)}
	if want := []string{"254", "4", "253", "0", "0x00"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if id, ok := n.ParseTable("main"); id != 254 || !ok {
		t.Errorf("ParseTable(main) = %d, %t", id, ok)
	}
}

func TestNamesParse(t *testing.T) {
	n := NewNames("", "", false, nil)
	table := func(s string) (uint32, bool) { return n.ParseTable(s) }
	proto := func(s string) (uint32, bool) { v, ok := n.ParseProto(s); return uint32(v), ok }
	scope := func(s string) (uint32, bool) { v, ok := n.ParseScope(s); return uint32(v), ok }
	tos := func(s string) (uint32, bool) { v, ok := n.ParseDSField(s); return uint32(v), ok }
	for _, c := range []struct {
		name  string
		parse func(string) (uint32, bool)
		in    string
		want  uint32
		ok    bool
	}{
		{"name", table, "main", 254, true},
		{"names are exact", table, "Main", 0, false},
		{"empty", table, "", 0, false},
		{"largest", table, "4294967295", 4294967295, true},
		{"too large", table, "4294967296", 0, false},
		{"hex", table, "0xFe", 254, true},
		{"hex without digits", table, "0x", 0, false},
		{"octal", table, "010", 8, true},
		{"not octal", table, "08", 0, false},
		{"space and sign", table, " \t+7", 7, true},
		{"trailing space", table, "7 ", 0, false},
		{"negative", table, "-1", 0, false},
		{"negative wraps into range", table, "-18446744073709551615", 1, true},
		{"overflow", table, "18446744073709551617", 0, false},
		{"proto name", proto, "kernel", 2, true},
		{"proto limit", proto, "255", 255, true},
		{"proto beyond", proto, "256", 0, false},
		{"scope name", scope, "nowhere", 255, true},
		{"realm beyond", n.ParseRealm, "256", 0, false},
		{"realm", n.ParseRealm, "unknown", 0, true},
		{"tos is hex", tos, "10", 16, true},
		{"tos with 0x", tos, "0x1c", 28, true},
		{"tos with only 0x", tos, "0x", 0, false},
		{"tos beyond", tos, "100", 0, false},
	} {
		got, ok := c.parse(c.in)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: parse(%q) = %d, %t, want %d, %t", c.name, c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestNamesLines(t *testing.T) {
	for _, c := range []struct {
		name, file string
		word       string
		id         uint32
		ok         bool
		warn       string // what follows the path in the complaint
	}{
		{"plain", "100 foo\n", "foo", 100, true, ""},
		{"words after the name", "100 foo bar baz\n", "foo", 100, true, ""},
		{"are not names", "100 foo bar baz\n", "bar", 0, false, ""},
		{"hexadecimal", "0x64 foo\n", "foo", 100, true, ""},
		{"0X is a zero and a name", "0X64 foo\n", "X64", 0, true, ""},
		{"space after 0x", "0x 64 foo\n", "foo", 100, true, ""},
		{"0x twice", "0x0x64 foo\n", "foo", 100, true, ""},
		{"sign after 0x", "0x+64 foo\n", "foo", 100, true, ""},
		{"negative", "-5 foo\n", "foo", 0, false, ""},
		{"negative hexadecimal", "0x-5 foo\n", "foo", 0, false, ""},
		{"largest", "0x7fffffff foo\n", "foo", 0x7fffffff, true, ""},
		{"negative as int", "0xffffffff foo\n", "foo", 0, false, ""},
		{"hexadecimal wraps", "0x100000064 foo\n", "foo", 100, true, ""},
		{"decimal wraps", "4294967396 foo\n", "foo", 100, true, ""},
		{"negative wraps", "-4294967196 foo\n", "foo", 100, true, ""},
		{"saturates at LONG_MAX, -1 as int", "99999999999999999999 foo\n", "foo", 0, false, ""},
		{"saturates at LONG_MIN, 0 as int", "-99999999999999999999 foo\n", "foo", 0, true, ""},
		{"hexadecimal saturates", "0xfffffffffffffffff foo\n", "foo", 0, false, ""},
		{"no space", "100foo\n", "foo", 100, true, ""},
		{"the number takes hex digits", "0x64foo\n", "oo", 0x64f, true, ""},
		{"leading zero is decimal", "0100 foo\n", "foo", 100, true, ""},
		{"comment sign is a name", "100 # foo\n", "#", 100, true, ""},
		{"plus", "+100 foo\n", "foo", 100, true, ""},
		{"plus and space", "+ 100 foo\n", "foo", 0, false, "+ 100 foo\n"},
		{"0x without digits", "0xg\n", "xg", 0, true, ""},
		{"number alone is 0 and a name", "0x64\n7 a\n", "x64", 0, true, ""},
		{"decimal number alone", "64\n7 a\n", "a", 0, false, "64\n"},
		{"vertical tab first", "\v100 foo\n", "foo", 100, true, ""},
		{"vertical tab between", "100\vfoo\n", "foo", 100, true, ""},
		{"carriage return", "100 foo\r\n", "foo", 100, true, ""},
		{"empty DOS line", "\r\n100 foo\n", "foo", 0, false, "\r\n"},
		{"no newline", "100 foo", "foo", 100, true, ""},
		{"blank and comment lines", "\n \t\n#x\n \t# y\n100 foo\n", "foo", 100, true, ""},
		{"good lines before a bad one", "6 b\njunk\n7 a\n", "b", 6, true, "junk\n"},
		{"none after a bad one", "6 b\njunk\n7 a\n", "a", 0, false, "junk\n"},
		{"bad without newline", "  junk", "a", 0, false, "junk"},
		{"NUL ends a line", "100 foo\x00bar\n7 a\n", "foo", 100, true, ""},
		{"long lines fall apart", "#" + strings.Repeat("x", 510) + "100 foo\n", "foo", 100, true, ""},
		{"longest name", "1 " + strings.Repeat("x", 600) + "\n", strings.Repeat("x", 509), 1, true, strings.Repeat("x", 91) + "\n"},
		{"control characters are kept", "100 \x1b[1m\n", "\x1b[1m", 100, true, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			etc, usr := namesDirs(t, map[string]string{"etc/rt_tables": c.file})
			var warn, want bytes.Buffer
			n := NewNames(etc, usr, false, &warn)
			id, ok := n.ParseTable(c.word)
			if ok != c.ok || ok && id != c.id {
				t.Errorf("ParseTable(%q) = %d, %t, want %d, %t", c.word, id, ok, c.id, c.ok)
			}
			if c.ok && n.Table(c.id) != c.word {
				t.Errorf("Table(%d) = %q, want %q", c.id, n.Table(c.id), c.word)
			}
			if c.warn != "" {
				want.WriteString("Database " + etc + "/rt_tables is corrupted at " + c.warn + "\n")
			}
			if warn.String() != want.String() {
				t.Errorf("warning %q, want %q", &warn, &want)
			}
		})
	}
}

func TestNamesTableOrder(t *testing.T) {
	etc, usr := namesDirs(t, map[string]string{
		"etc/rt_tables": "100 a\n100 b\n" + // b prints, both parse
			"612 same\n356 same\n" + // one chain: the later line
			"2 two\n257 two\n" + // chain 1 before chain 2
			"254 haupt\n", // main still parses
	})
	n := NewNames(etc, usr, false, nil)
	for id, want := range map[uint32]string{100: "b", 612: "same", 356: "same", 2: "two", 257: "two", 254: "haupt"} {
		if got := n.Table(id); got != want {
			t.Errorf("Table(%d) = %q, want %q", id, got, want)
		}
	}
	for name, want := range map[string]uint32{"a": 100, "b": 100, "same": 356, "two": 257, "haupt": 254, "main": 254} {
		if got, ok := n.ParseTable(name); got != want || !ok {
			t.Errorf("ParseTable(%q) = %d, %t, want %d", name, got, ok, want)
		}
	}
	want := []string{"a", "b", "default", "haupt", "local", "main", "same", "two"}
	if got := n.TableNames(); !slices.Equal(got, want) {
		t.Errorf("TableNames() = %q, want %q", got, want)
	}
}

func TestNamesTabs(t *testing.T) {
	etc, usr := namesDirs(t, map[string]string{
		"etc/rt_protos": "4 fixed\n77 mine\n78 mine\n255 last\n256 off\n300 out\n-1 neg\n",
	})
	n := NewNames(etc, usr, false, nil)

	// A compiled-in name does not make anyone read the file.
	if got := n.Proto(4); got != "static" {
		t.Errorf("Proto(4) = %q before the file was read, want static", got)
	}
	if got := n.Proto(77); got != "mine" {
		t.Errorf("Proto(77) = %q, want mine", got)
	}
	if got := n.Proto(4); got != "fixed" {
		t.Errorf("Proto(4) = %q after the file was read, want fixed", got)
	}
	if got := n.Proto(255); got != "last" {
		t.Errorf("Proto(255) = %q, want last", got)
	}
	for name, want := range map[string]int{"fixed": 4, "static": -1, "mine": 77, "off": -1, "out": -1, "neg": -1} {
		got, ok := n.ParseProto(name)
		if ok != (want >= 0) || ok && int(got) != want {
			t.Errorf("ParseProto(%q) = %d, %t, want %d", name, got, ok, want)
		}
	}
}

func TestNamesFiles(t *testing.T) {
	t.Run("usr stands in for a missing file only", func(t *testing.T) {
		etc, usr := namesDirs(t, map[string]string{
			"etc/rt_protos": "",
			"usr/rt_protos": "77 usr\n",
			"usr/rt_scopes": "77 usr\n",
		})
		n := NewNames(etc, usr, false, nil)
		if got := n.Proto(77) + n.Scope(77); got != "77usr" {
			t.Errorf("%q, want 77usr", got)
		}
	})
	t.Run("a directory or a broken path is not a missing file", func(t *testing.T) {
		etc, usr := namesDirs(t, map[string]string{
			"etc/rt_protos/x": "",
			"usr/rt_protos":   "77 usr\n",
		})
		if got := NewNames(etc, usr, false, nil).Proto(77); got != "77" {
			t.Errorf("%q with a directory, want 77", got)
		}
		if got := NewNames(usr+"/rt_protos", usr, false, nil).Proto(77); got != "77" {
			t.Errorf("%q with a file for etc, want 77", got)
		}
	})
	t.Run("drop-ins", func(t *testing.T) {
		etc, usr := namesDirs(t, map[string]string{
			"etc/rt_protos":            "70 base\n71 base\njunk\n72 base\n",
			"usr/rt_protos.d/a.conf":   "71 usr\n73 usr\n74 usr\n",
			"usr/rt_protos.d/b.conf":   "75 masked\n",
			"etc/rt_protos.d/b.conf":   "74 etc\n",
			"etc/rt_protos.d/c.txt":    "76 no\n",
			"etc/rt_protos.d/.conf":    "76 no\n",
			"etc/rt_protos.d/.x.conf":  "76 no\n",
			"etc/rt_scopes.d/a.conf":   "77 no\n",
			"usr/rt_tables.d/a.conf":   "1000 blue\n",
			"etc/rt_realms.d/a.conf":   "77 no\n",
			"etc/rt_dsfield.d/a.conf":  "0x4d no\n",
			"etc/rt_protos.d/conf":     "76 no\n",
			"etc/rt_protos.d/d.confx":  "76 no\n",
			"etc/rt_tables.d/a.config": "1001 no\n",
		})
		var warn bytes.Buffer
		n := NewNames(etc, usr, false, &warn)
		for id, want := range map[uint8]string{70: "base", 71: "usr", 72: "72", 73: "usr", 74: "etc", 75: "75", 76: "76"} {
			if got := n.Proto(id); got != want {
				t.Errorf("Proto(%d) = %q, want %q", id, got, want)
			}
		}
		if got := n.Table(1000) + n.Table(1001) + n.Scope(77) + n.Realm(77) + n.DSField(77); got != "blue100177770x4d" {
			t.Errorf("%q, want blue100177770x4d", got)
		}
		if want := "Database " + etc + "/rt_protos is corrupted at junk\n\n"; warn.String() != want {
			t.Errorf("warning %q, want %q", &warn, want)
		}
	})
	t.Run("numeric reads rt_tables all the same", func(t *testing.T) {
		etc, usr := namesDirs(t, map[string]string{"etc/rt_tables": "junk\n", "etc/rt_protos": "junk\n"})
		var warn bytes.Buffer
		n := NewNames(etc, usr, true, &warn)
		n.Proto(77)
		n.Table(77)
		n.Table(78)
		if want := "Database " + etc + "/rt_tables is corrupted at junk\n\n"; warn.String() != want {
			t.Errorf("warning %q, want %q", &warn, want)
		}
	})
}

func TestNamesConcurrent(t *testing.T) {
	etc, usr := namesDirs(t, map[string]string{"etc/rt_protos": "77 mine\n", "etc/rt_tables": "1000 blue\n"})
	n := NewNames(etc, usr, false, nil)
	got := make(chan string)
	for range 8 {
		go func() { got <- n.Table(1000) + n.Proto(77) }()
	}
	for range 8 {
		if s := <-got; s != "bluemine" {
			t.Errorf("%q, want bluemine", s)
		}
	}
}

func TestNamesAppendAllocs(t *testing.T) {
	n := NewNames("", "", false, nil)
	b := make([]byte, 0, 64)
	allocs := testing.AllocsPerRun(100, func() {
		b = n.AppendTable(b[:0], 254)
		b = n.AppendTable(b[:0], 77777)
		b = n.AppendProto(b[:0], 4)
		b = n.AppendProto(b[:0], 77)
		b = n.AppendScope(b[:0], 253)
		b = n.AppendScope(b[:0], 9)
	})
	if allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}

// FuzzNamesLine wants any line to end in one of the three outcomes, names
// without white space, and no entry from a comment.
func FuzzNamesLine(f *testing.F) {
	for _, s := range []string{"100 foo\n", "0x64 foo # x\n", "# x\n", "-\n", "0x", "0x0x", "\v", "", "\x00"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		_, name, kind := parseNameLine(line)
		switch {
		case kind == lineBlank && name != "",
			kind == lineBad && name == "",
			kind == lineEntry && (name == "" || strings.ContainsAny(name, " \t\n\v\f\r\x00")),
			bytes.HasPrefix(line, []byte("#")) && kind != lineBlank:
			t.Errorf("%q: %q, %d", line, name, kind)
		}
	})
}

func BenchmarkNamesAppendTable(b *testing.B) {
	n := NewNames("", "", false, nil)
	buf := make([]byte, 0, 64)
	for b.Loop() {
		buf = n.AppendTable(buf[:0], 254)
	}
}
