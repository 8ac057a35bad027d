package grammar

import (
	"math"
	"strings"
	"testing"

	"nhctl/internal/nl/rt"
)

// FuzzValues gives one word to every parser of values.go and checks what has
// to hold whatever the word is.
func FuzzValues(f *testing.F) {
	for _, s := range []string{
		"", "0", "0x", "-18446744073709551615", " +1", "192.0.2.1/24", "10.8/255.255",
		"2001:db8::/32", "::ffff:192.0.2.1", "fe80::1%lo", "default", "any/0", "100/200/300",
		"02:00:5e:10:00:01", "0x1.8p3ms", "1.e999", "-5s", "5/10", "1,5/2,65536", "1/,", "0aff",
		"2001:db8:0:1", "1\x00", "\xff", strings.Repeat("1:", 300), strings.Repeat("1/", 70),
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, base := range []int{0, 10, 16} {
			for _, limit := range []uint64{0xff, math.MaxUint32, math.MaxUint64} {
				if v, ok := parseUint(s, base, limit); v > limit || !ok && v != 0 {
					t.Errorf("parseUint(%q, %d, %d) = %d, %t", s, base, limit, v, ok)
				}
			}
		}
		for _, family := range []uint8{famAny, famInet, famInet6, famMPLS, famLink, 7, 255} {
			a, aok := parseAddr(s, family)
			if aok && family != famAny && a.Family != family {
				t.Errorf("parseAddr(%q, %d) has family %d", s, family, a.Family)
			}
			if len(a.Data) > maxLLAddr || !aok && a.Data != nil {
				t.Errorf("parseAddr(%q, %d) has %d bytes", s, family, len(a.Data))
			}
			p, pok := parsePrefix(s, family)
			if p.Bits < 0 || p.Bits > rt.BitLen(p.Family) {
				t.Errorf("parsePrefix(%q, %d) has %d bits", s, family, p.Bits)
			}
			if aok && !pok && !strings.Contains(s, "/") {
				t.Errorf("parsePrefix(%q, %d) refuses an address", s, family)
			}
			if pok && family == famAny && p.Data != nil && len(p.Data)*8 != rt.BitLen(p.Family) {
				t.Errorf("parsePrefix(%q) has %d bytes for family %d", s, len(p.Data), p.Family)
			}
		}
		if fam, ok := parseFamily(s); ok && rt.FamilyWord(fam) != s {
			t.Errorf("rt.FamilyWord(%d) is not %q", fam, s)
		}
		if ms, raw, ok := parseTime(s); !ok && (ms != 0 || raw) {
			t.Errorf("parseTime(%q) = %d, %t, %t", s, ms, raw, ok)
		}
		if v, ok := parseUint(s, 0, math.MaxUint32); ok {
			ms, raw, tok := parseTime(s)
			r, rok := parseRealms(s, testRealm)
			if uint64(ms) != v || !raw || !tok || uint64(r) != v || !rok {
				t.Errorf("the number %q is not one as time (%d, %t, %t) or realm (%d, %t)", s, ms, raw, tok, r, rok)
			}
		}
		parseRealms(s, func(string) (uint32, bool) { return 255, true })
		members, err := parseGroup(s)
		if (err.Kind == groupOK) != (len(members) > 0) || !strings.Contains(s, err.Word) {
			t.Errorf("parseGroup(%q) = %v, %v", s, members, err)
		}
		for _, m := range members {
			if m.Weight < 1 || m.Weight > 1<<16 {
				t.Errorf("parseGroup(%q) has weight %d", s, m.Weight)
			}
		}
		parseIPProto(s, func(string) (int, bool) { return len(s), true })
		if b, ok := parseLLAddr(s); ok != (len(b) > 0) || len(b) > maxLLAddr {
			t.Errorf("parseLLAddr(%q) = %x, %t", s, b, ok)
		} else if word, cut := llAddrBad(s); !strings.Contains(s, word) || !strings.HasPrefix(s, cut) {
			t.Errorf("llAddrBad(%q) = %q, %q", s, word, cut)
		}
		if b, ok := parseMPLS(s); ok {
			for i := 2; i < len(b); i += 4 {
				if last := i+2 == len(b); b[i]&1 == 1 != last {
					t.Errorf("parseMPLS(%q) = %x", s, b)
				}
			}
		} else if b != nil {
			t.Errorf("parseMPLS(%q) = %x but refused", s, b)
		}
		if b, ok := parseHex(s); ok && len(b) != len(s)/2 {
			t.Errorf("parseHex(%q) = %x", s, b)
		}
		if b, ok := parseAddr64(s); !ok && b != [8]byte{} {
			t.Errorf("parseAddr64(%q) = %x but refused", s, b)
		}
		if matches(s, s) != (s != "") || matches(s+"x", s) {
			t.Errorf("matches(%q)", s)
		}
	})
}
