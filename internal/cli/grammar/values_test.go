package grammar

import (
	"encoding/hex"
	"math"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/rt"
)

// The facts in these tables are what ip of iproute2 7.1 (glibc 2.36, x86-64)
// sent or said; where it depends on undefined behaviour the case says so.

func TestParseUint(t *testing.T) {
	for _, c := range []struct {
		name  string
		in    string
		base  int
		limit uint64
		want  uint64
		ok    bool
	}{
		{"decimal", "42", 0, 255, 42, true},
		{"limit", "255", 0, 255, 255, true},
		{"beyond", "256", 0, 255, 0, false},
		{"empty", "", 0, 255, 0, false},
		{"only space", " ", 0, 255, 0, false},
		{"only sign", "+", 0, 255, 0, false},
		{"space and sign", " \t\n\v\f\r+1", 0, 255, 1, true},
		{"space after sign", "+ 1", 0, 255, 0, false},
		{"two signs", "+-1", 0, 255, 0, false},
		{"trailing space", "1 ", 0, 255, 0, false},
		{"trailing NUL", "1\x00", 0, 255, 0, false},
		{"hexadecimal", "0xfF", 0, 255, 255, true},
		{"hexadecimal, big X", "0X10", 0, 255, 16, true},
		{"0x alone", "0x", 0, 255, 0, false},
		{"0x and no digit", "0xg", 0, 255, 0, false},
		{"octal", "010", 0, 255, 8, true},
		{"zero", "0", 0, 255, 0, true},
		{"no octal digit", "08", 0, 255, 0, false},
		{"0b is no prefix", "0b1", 0, 255, 0, false},
		{"decimal does not mind zeros", "010", 10, 255, 10, true},
		{"decimal knows no 0x", "0x10", 10, math.MaxUint64, 0, false},
		{"base 16", "10", 16, 255, 16, true},
		{"base 16 with 0x", "0x10", 16, 255, 16, true},
		{"base 16 with 0b", "0b1", 16, 0xfff, 0xb1, true},
		{"negative", "-1", 0, math.MaxUint32, 0, false},
		{"negative of 64 bits", "-1", 0, math.MaxUint64, math.MaxUint64, true},
		{"negative zero", "-0", 0, 255, 0, true},
		{"negative that wraps into range", "-18446744073709551615", 0, 255, 1, true},
		{"negative overflow", "-18446744073709551616", 0, math.MaxUint64, 0, false},
		{"largest", "18446744073709551615", 0, math.MaxUint64, math.MaxUint64, true},
		{"overflow", "18446744073709551616", 0, math.MaxUint64, 0, false},
		{"overflow that comes back into range", "0x10000000000000001", 0, 255, 0, false},
		{"many zeros", strings.Repeat("0", 1000) + "7", 10, 255, 7, true},
		{"underscore", "1_0", 0, 255, 0, false},
		{"no ASCII digits", "１", 0, 255, 0, false},
	} {
		got, ok := parseUint(c.in, c.base, c.limit)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: parseUint(%q, %d, %d) = %d, %t, want %d, %t", c.name, c.in, c.base, c.limit, got, ok, c.want, c.ok)
		}
	}
}

type prefixCase struct {
	name   string
	in     string
	family uint8
	ok     bool
	want   uint8 // family
	data   string
	bits   int
	spec   bool
}

func (c prefixCase) check(t *testing.T, parse func(string, uint8) (Prefix, bool)) {
	t.Helper()
	p, ok := parse(c.in, c.family)
	if ok != c.ok {
		t.Errorf("%s: %q of family %d: ok %t, want %t", c.name, c.in, c.family, ok, c.ok)
		return
	}
	if p.Family != c.want || hex.EncodeToString(p.Data) != c.data || p.Bits != c.bits || p.Specified != c.spec || p.Data != nil != (c.data != "") {
		t.Errorf("%s: %q of family %d: %+v, want %+v", c.name, c.in, c.family, p, c)
	}
}

const (
	famAny   = uint8(unix.AF_UNSPEC)
	famInet  = uint8(unix.AF_INET)
	famInet6 = uint8(unix.AF_INET6)
	famMPLS  = uint8(unix.AF_MPLS)
	famLink  = uint8(unix.AF_PACKET)
)

func TestParseAddr(t *testing.T) {
	zero16 := strings.Repeat("0", 32)
	for _, c := range []prefixCase{
		{"v4", "192.0.2.1", famAny, true, famInet, "c0000201", -1, false},
		{"v4 by family", "192.0.2.1", famInet, true, famInet, "c0000201", -1, false},
		{"short v4 is filled on the right", "10.8", famAny, true, famInet, "0a080000", -1, false},
		{"one number", "10", famAny, true, famInet, "0a000000", -1, false},
		{"octal", "010.0.0.1", famAny, true, famInet, "08000001", -1, false},
		{"hexadecimal", "0xc0.0.0x2.1", famAny, true, famInet, "c0000201", -1, false},
		{"space and sign", " 10.+8", famAny, true, famInet, "0a080000", -1, false},
		{"trailing space", "192.0.2.1 ", famAny, false, 0, "", 0, false},
		{"five numbers", "192.0.2.1.1", famAny, false, 0, "", 0, false},
		{"trailing dot", "10.", famAny, false, 0, "", 0, false},
		{"trailing dot of four", "192.0.2.1.", famAny, false, 0, "", 0, false},
		{"large octet", "256", famAny, false, 0, "", 0, false},
		{"negative octet", "-1.0.0.0", famAny, false, 0, "", 0, false},
		{"empty", "", famAny, false, 0, "", 0, false},
		{"name", "example", famAny, false, 0, "", 0, false},
		{"v4 for v6", "192.0.2.1", famInet6, false, 0, "", 0, false},
		{"v6", "2001:db8::1", famAny, true, famInet6, "20010db8000000000000000000000001", -1, false},
		{"v6 with v4 inside", "::ffff:192.0.2.1", famAny, true, famInet6, "00000000000000000000ffffc0000201", -1, false},
		{"v6 with octal v4 inside", "::ffff:192.0.02.1", famAny, false, 0, "", 0, false},
		{"v6 for v4", "2001:db8::1", famInet, false, 0, "", 0, false},
		{"v6 with zone", "fe80::1%lo", famInet6, false, 0, "", 0, false},
		{"v6, five digits", "02001:db8::1", famInet6, false, 0, "", 0, false},
		{"v6 with space", " 2001:db8::1", famInet6, false, 0, "", 0, false},
		{"default", "default", famAny, true, famAny, "", -2, true},
		{"default v4", "default", famInet, true, famInet, "00000000", -2, true},
		{"default v6", "default", famInet6, true, famInet6, zero16, -2, true},
		{"default link", "default", famLink, true, famLink, "", -2, true},
		{"default mpls", "default", famMPLS, false, 0, "", 0, false},
		{"any", "any", famInet6, true, famInet6, "", -2, false},
		{"all", "all", famAny, true, famAny, "", -2, false},
		{"all mpls", "all", famMPLS, false, 0, "", 0, false},
		{"words are exact", "Any", famAny, false, 0, "", 0, false},
		{"mpls", "100/200", famMPLS, true, famMPLS, "00064000000c8100", 20, false},
		{"mpls with colon", "1:2", famMPLS, false, 0, "", 0, false},
		{"lladdr", "02:00:5e:10:00:01", famLink, true, famLink, "02005e100001", 48, false},
		{"lladdr with dots", "192.0.2.1", famLink, true, famLink, "c0000201", 32, false},
		{"bridge", "192.0.2.1", unix.AF_BRIDGE, false, 0, "", 0, false},
		{"bridge any", "any", unix.AF_BRIDGE, true, unix.AF_BRIDGE, "", -2, false},
	} {
		c.check(t, parseAddr)
	}
}

func TestParsePrefix(t *testing.T) {
	const doc6 = "20010db8000000000000000000000000"
	for _, c := range []prefixCase{
		{"host", "192.0.2.1", famAny, true, famInet, "c0000201", 32, false},
		{"host bits stay", "192.0.2.1/24", famAny, true, famInet, "c0000201", 24, true},
		{"zero", "0/0", famAny, true, famInet, "00000000", 0, true},
		{"host v6", "2001:db8::", famAny, true, famInet6, doc6, 128, false},
		{"v6", "2001:db8::/32", famAny, true, famInet6, doc6, 32, true},
		{"default", "default", famInet6, true, famInet6, strings.Repeat("0", 32), 0, true},
		{"any", "any", famAny, true, famAny, "", 0, false},
		{"default with length", "default/0", famAny, false, 0, "", 0, false},
		{"any with length", "any/0", famInet, false, 0, "", 0, false},
		{"octal length", "192.0.2.0/030", famAny, true, famInet, "c0000200", 24, true},
		{"hexadecimal length", "192.0.2.0/0x18", famAny, true, famInet, "c0000200", 24, true},
		{"length with space and sign", "192.0.2.0/ +24", famAny, true, famInet, "c0000200", 24, true},
		{"mask", "192.0.2.0/255.255.255.0", famAny, true, famInet, "c0000200", 24, true},
		{"short mask", "192.0.2.0/255.255", famAny, true, famInet, "c0000200", 16, true},
		{"mask of one number is a length", "192.0.2.0/255", famAny, false, 0, "", 0, false},
		{"zero mask", "192.0.2.0/0.0.0.0", famAny, true, famInet, "c0000200", 0, true},
		{"full mask", "192.0.2.1/255.255.255.255", famAny, true, famInet, "c0000201", 32, true},
		{"mask with a hole", "192.0.2.0/255.0.255.0", famAny, false, 0, "", 0, false},
		{"host mask", "192.0.2.0/0.0.0.255", famAny, false, 0, "", 0, false},
		{"mask for v6", "2001:db8::/255.255.0.0", famAny, true, famInet6, doc6, 16, true},
		{"default as mask", "192.0.2.0/default", famAny, true, famInet, "c0000200", 0, true},
		{"any as mask", "192.0.2.0/any", famAny, true, famInet, "c0000200", 0, true},
		{"too long", "192.0.2.0/33", famAny, false, 0, "", 0, false},
		{"too long v6", "2001:db8::/129", famAny, false, 0, "", 0, false},
		{"negative", "192.0.2.0/-1", famAny, false, 0, "", 0, false},
		{"no length", "192.0.2.0/", famAny, false, 0, "", 0, false},
		{"no address", "/24", famAny, false, 0, "", 0, false},
		{"two slashes", "192.0.2.0/24/24", famAny, false, 0, "", 0, false},
		{"short", "10.8/16", famAny, true, famInet, "0a080000", 16, true},
		{"v4 of v6", "192.0.2.0/24", famInet6, false, 0, "", 0, false},
		{"mpls", "100", famMPLS, true, famMPLS, "00064100", 20, false},
		{"mpls length", "100/20", famMPLS, true, famMPLS, "00064100", 20, true},
		{"mpls stack is a long length", "100/200", famMPLS, false, 0, "", 0, false},
	} {
		c.check(t, parsePrefix)
	}
}

func TestFamily(t *testing.T) {
	for word, want := range map[string]uint8{"inet": 2, "inet6": 10, "link": 17, "mpls": 28, "bridge": 7} {
		got, ok := parseFamily(word)
		if got != want || !ok {
			t.Errorf("parseFamily(%q) = %d, %t, want %d", word, got, ok, want)
		}
		if rt.FamilyWord(want) != word || familyVerbose(want) != word {
			t.Errorf("names of %d: %q, %q, want %q", want, rt.FamilyWord(want), familyVerbose(want), word)
		}
	}
	for _, word := range []string{"", "inet4", "INET", "ine", "unspec"} {
		if got, ok := parseFamily(word); ok {
			t.Errorf("parseFamily(%q) = %d, want none", word, got)
		}
	}
	if got := rt.FamilyWord(0) + rt.FamilyWord(99) + familyVerbose(99) + familyVerbose(0); got != "?????????any valid" {
		t.Errorf("unknown families: %q", got)
	}
}

func TestParseTime(t *testing.T) {
	for _, c := range []struct {
		name string
		in   string
		ms   uint32
		raw  bool
		ok   bool
	}{
		{"raw", "10", 10, true, true},
		{"raw zero", "0", 0, true, true},
		{"raw fraction rounds up", "1.5", 2, true, true},
		{"ms", "200ms", 200, false, true},
		{"s", "2s", 2000, false, true},
		{"fraction", "1.5s", 1500, false, true},
		{"rounds up", "0.1ms", 1, false, true},
		{"case", "1SeCs", 1000, false, true},
		{"msecs", "7msecs", 7, false, true},
		{"long s is no s", "1ſ", 0, false, false},
		{"unit apart", "1 s", 0, false, false},
		{"other unit", "1us", 0, false, false},
		{"octal", "010ms", 8, false, true},
		{"hexadecimal", "0x10s", 16000, false, true},
		{"decimal with dot", "010.0ms", 10, false, true},
		{"hexadecimal fraction", "0x1.8s", 1500, false, true},
		{"hexadecimal exponent", "0x.8p2", 2, true, true},
		{"exponent needs a dot", "1e3ms", 0, false, false},
		{"exponent", "1.e3ms", 1000, false, true},
		{"broken exponent", "1.ems", 0, false, false},
		{"space and sign", " +.5s", 500, false, true},
		{"negative fraction", "-0.5", 0, false, false},
		{"negative zero", "-0.0s", 0, false, true},
		{"underflow", "1.e-999", 0, true, true},
		{"overflow", "1.e999", 0, false, false},
		{"strtoul overflow", "18446744073709551616", 0, false, false},
		{"largest", "4294967295", 4294967295, true, true},
		{"ip sends 1", "4294967296", 0, false, false},
		{"ip sends 2", "4294967297", 0, false, false},
		{"ip sends 0", "4294967295.5", 0, false, false},
		{"ip sends 1", "-5", 0, false, false},
		{"ip sends 4294966297", "4294967295s", 0, false, false},
		{"negative that wraps into range", "-18446744073709551615", 1, true, true},
		{"dot", ".", 0, false, false},
		{"hexadecimal dot", "0x.", 0, false, false},
		{"infinity", "inf.", 0, false, false},
		{"not a number", "nan(.)", 0, false, false},
		{"underscore", "1_0.0", 0, false, false},
		{"empty", "", 0, false, false},
		{"only a unit", "s", 0, false, false},
	} {
		ms, raw, ok := parseTime(c.in)
		if ms != c.ms || raw != c.raw || ok != c.ok {
			t.Errorf("%s: parseTime(%q) = %d, %t, %t, want %d, %t, %t", c.name, c.in, ms, raw, ok, c.ms, c.raw, c.ok)
		}
	}
}

func testRealm(s string) (uint32, bool) {
	if s == "cosmos" {
		return 3, true
	}
	v, ok := parseUint(s, 0, 255)
	return uint32(v), ok
}

func TestParseRealms(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     uint32
		ok       bool
	}{
		{"to", "10", 10, true},
		{"name", "cosmos", 3, true},
		{"both", "5/10", 0x5000a, true},
		{"names", "cosmos/cosmos", 0x30003, true},
		{"from only", "5/", 0x50000, true},
		{"to only", "/10", 0, false},
		{"empty", "", 0, true},
		{"slash", "/", 0, false},
		{"two slashes", "1/2/3", 0, false},
		{"raw", "0x5000a", 0x5000a, true},
		{"raw above 255", "256", 256, true},
		{"not raw with a slash", "256/1", 0, false},
		{"raw limit", "4294967296", 0, false},
		{"unknown name", "chaos", 0, false},
	} {
		got, ok := parseRealms(c.in, testRealm)
		if ok != c.ok || ok && got != c.want {
			t.Errorf("%s: parseRealms(%q) = %#x, %t, want %#x, %t", c.name, c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseGroup(t *testing.T) {
	bad := func(w string) groupErr { return groupErr{groupBad, w} }
	badWeight := func(w string) groupErr { return groupErr{groupBadWeight, w} }
	for _, c := range []struct {
		name, in string
		want     []GroupMember
		err      groupErr
	}{
		{"one", "1", []GroupMember{{1, 1}}, groupErr{}},
		{"several", "1,5/0x2,65536/ 3", []GroupMember{{1, 5}, {2, 65536}, {3, 1}}, groupErr{}},
		{"id 0 is for the kernel to refuse", "0", []GroupMember{{0, 1}}, groupErr{}},
		{"empty", "", nil, bad("")},
		{"no number", "x", nil, bad("x")},
		{"the first id is quoted", "1,2/x,0", nil, bad("1")},
		{"trailing slash", "1,70/", nil, bad("1")},
		{"leading slash", "/1", nil, bad("")},
		{"empty member", "1//2", nil, bad("1")},
		{"member without id", "1/,3", nil, bad("1")},
		{"id before weight", "x,0", nil, bad("x")},
		{"id too large", "4294967296", nil, bad("4294967296")},
		{"weight 0", "1,2/4,0", nil, badWeight("0")},
		{"weight too large", "1,65537", nil, badWeight("65537")},
		{"no weight", "1,/2", nil, badWeight("")},
		{"two weights", "1,2,3/4", nil, badWeight("2,3")},
	} {
		got, err := parseGroup(c.in)
		if !slices.Equal(got, c.want) || err != c.err {
			t.Errorf("%s: parseGroup(%q) = %v, %v, want %v, %v", c.name, c.in, got, err, c.want, c.err)
		}
	}
}

func TestParseIPProto(t *testing.T) {
	lookup := func(s string) (int, bool) {
		v, ok := map[string]int{"tcp": 6, "mptcp": 262, "neg": -1}[s]
		return v, ok
	}
	for _, c := range []struct {
		name, in string
		want     uint8
		ok       bool
	}{
		{"number", "17", 17, true},
		{"name", "tcp", 6, true},
		{"decimal always", "010", 10, true},
		{"no hexadecimal", "0x6", 0, false},
		{"beyond", "256", 0, false},
		{"mptcp loses its upper bits", "mptcp", 6, true},
		{"negative", "neg", 0, false},
		{"unknown", "nope", 0, false},
		{"empty", "", 0, false},
	} {
		got, ok := parseIPProto(c.in, lookup)
		if got != c.want || ok != c.ok {
			t.Errorf("%s: parseIPProto(%q) = %d, %t, want %d, %t", c.name, c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseLLAddr(t *testing.T) {
	for _, c := range []struct {
		name, in  string
		want      string
		ok        bool
		word, cut string // of the complaints
	}{
		{"mac", "02:00:5e:10:00:01", "02005e100001", true, "", ""},
		{"short bytes", "2:0:5e", "02005e", true, "", ""},
		{"one byte", "ff", "ff", true, "", ""},
		{"0x", "0x1f:0X2", "1f02", true, "", ""},
		{"0x without digits", "0xg", "00", true, "", ""},
		{"rest is ignored", "1fzz: 2 3", "1f02", true, "", ""},
		{"low half of a negative number", "-ffffff01", "ff", true, "", ""},
		{"v4", "192.0.2.1", "c0000201", true, "", ""},
		{"short v4", "10.8", "0a080000", true, "", ""},
		{"longest", strings.Repeat("1:", 255) + "1", strings.Repeat("01", 256), true, "", ""},
		{"too long", strings.Repeat("1:", 256) + "1", "", false, "1", "1"},
		{"beyond", "02:100", "", false, "100", "02"},
		{"negative", "-1", "", false, "-1", "-1"},
		{"no digits", "02:zz:03", "", false, "zz", "02"},
		{"empty byte", "02::03", "", false, "", "02"},
		{"trailing colon", "02:", "", false, "", "02"},
		{"empty", "", "", false, "", ""},
		{"dot and colon", "1.2:3", "", false, "1.2:3", "1.2:3"},
		{"bad v4", "192.0.2.x", "", false, "192.0.2.x", "192.0.2.x"},
	} {
		got, ok := parseLLAddr(c.in)
		if hex.EncodeToString(got) != c.want || ok != c.ok {
			t.Errorf("%s: parseLLAddr(%q) = %x, %t, want %s, %t", c.name, c.in, got, ok, c.want, c.ok)
		}
		if c.ok {
			continue
		}
		if word, cut := llAddrBad(c.in); word != c.word || cut != c.cut {
			t.Errorf("%s: llAddrBad(%q) = %q, %q, want %q, %q", c.name, c.in, word, cut, c.word, c.cut)
		}
	}
}

func TestParseMPLS(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     string
		ok       bool
	}{
		{"one", "100", "00064100", true},
		{"stack", "100/200/300", "00064000000c80000012c100", true},
		{"largest", "1048575", "fffff100", true},
		{"beyond", "1048576", "", false},
		{"bases", "0x10/010", "0001000000008100", true},
		{"space and sign", " +1", "00001100", true},
		{"negative", "-1", "", false},
		{"negative that wraps into range", "-18446744073709551615", "00001100", true},
		{"empty", "", "", false},
		{"empty label", "1//2", "", false},
		{"trailing slash", "1/", "", false},
		{"other separator", "1,2", "", false},
		{"64 labels", strings.Repeat("1/", 63) + "1", strings.Repeat("00001000", 63) + "00001100", true},
		{"65 labels", strings.Repeat("1/", 64) + "1", "", false},
	} {
		got, ok := parseMPLS(c.in)
		if hex.EncodeToString(got) != c.want || ok != c.ok {
			t.Errorf("%s: parseMPLS(%q) = %x, %t, want %s, %t", c.name, c.in, got, ok, c.want, c.ok)
		}
	}
}

func TestParseHex(t *testing.T) {
	for in, want := range map[string]string{"": "", "0aFf": "0aff", "0af": "0a", "0az": "0a", "z": "", "zz": "x", "0g": "x", "g0": "x", "0x10": "x"} {
		got, ok := parseHex(in)
		if ok != (want != "x") || ok && hex.EncodeToString(got) != want {
			t.Errorf("parseHex(%q) = %x, %t, want %s", in, got, ok, want)
		}
	}
}

func TestParseAddr64(t *testing.T) {
	for in, want := range map[string]string{
		"2001:db8:0:1": "20010db800000001", "0xf: 1:+2:ffff": "000f00010002ffff",
		"1": "0001000000000000", // the rest is uninitialised in ip
		"":  "x", "1:": "x", "1:2:3:4:": "x", "1:2:3:4:5": "x", "10000": "x", "1::2": "x", "g": "x", "-1": "x", "1.2": "x",
	} {
		got, ok := parseAddr64(in)
		if ok != (want != "x") || ok && hex.EncodeToString(got[:]) != want {
			t.Errorf("parseAddr64(%q) = %x, %t, want %s", in, got, ok, want)
		}
	}
}

func TestMatches(t *testing.T) {
	for _, c := range []struct {
		prefix, word string
		want         bool
	}{
		{"me", "metric", true},
		{"metric", "metric", true},
		{"metrics", "metric", false},
		{"", "metric", false},
		{"M", "metric", false},
		{"", "", false},
	} {
		if got := matches(c.prefix, c.word); got != c.want {
			t.Errorf("matches(%q, %q) = %t", c.prefix, c.word, got)
		}
	}
}
