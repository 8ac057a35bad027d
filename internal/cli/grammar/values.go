package grammar

import (
	"math"
	"math/bits"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl/rt"
)

// The parsers of this file accept the words that ip of iproute2 7.1 accepts
// and give them the same meaning, oddities included, because scripts contain
// them: "010" is 8, "10.8" is 10.8.0.0, " +1" is 1. Where ip depends on
// undefined behaviour of C the functions say what they do instead. All of
// them are total.

// strtoul is C's function of that name on a 64-bit system: it reads the
// longest number at the start of s and returns it with the count of bytes
// used, 0 if there is no number. White space and a sign may come first; a
// minus negates modulo 1<<64. Base 0 goes by the prefix, 0x or 0. The 0b of
// C23 is no prefix: whether ip takes it depends on the C library it was built
// with (glibc does from 2.38 on). Out of range is reported by over.
func strtoul(s string, base int) (v uint64, used int, over bool) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	neg := false
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		neg = s[i] == '-'
		i++
	}
	if (base == 0 || base == 16) && i+2 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' && digitVal(s[i+2]) < 16 {
		i += 2
		base = 16
	}
	if base == 0 {
		base = 10
		if i < len(s) && s[i] == '0' {
			base = 8
		}
	}
	for ; i < len(s); i++ {
		d := digitVal(s[i])
		if d >= base {
			break
		}
		hi, lo := bits.Mul64(v, uint64(base))
		lo, carry := bits.Add64(lo, uint64(d), 0)
		v, used, over = lo, i+1, over || hi != 0 || carry != 0
	}
	if over {
		return math.MaxUint64, used, true
	}
	if neg {
		v = -v
	}
	return v, used, false
}

// digitVal returns the value of c as a digit of a base up to 16, else 99.
func digitVal(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return int(c|0x20-'a') + 10
	}
	return 99
}

// isSpace is isspace of the C locale, which ip never leaves.
func isSpace(c byte) bool { return c == ' ' || '\t' <= c && c <= '\r' }

// parseUint converts a number of at most limit: the whole of s, with strtoul's
// idea of white space, signs and, for base 0, prefixes. A negative number is
// one near 1<<64 and so normally above limit.
func parseUint(s string, base int, limit uint64) (uint64, bool) {
	v, used, over := strtoul(s, base)
	if used == 0 || used != len(s) || over || v > limit {
		return 0, false
	}
	return v, true
}

// Prefix is an address or prefix as typed.
type Prefix struct {
	// Family is AF_INET and so on, AF_UNSPEC for a default, any or all that
	// nothing gave a family to.
	Family uint8
	// Data is the address in network byte order, host bits as typed. It is
	// nil for any and all, and for a default of a family without a size.
	Data []byte
	// Bits is the prefix length. For parseAddr it is bitsUnset for IPv4 and
	// IPv6, bitsWild for default, any and all, 8 bits a byte for link
	// addresses and 20 for MPLS.
	Bits int
	// Specified tells that the length was given: by a slash, or by
	// "default".
	Specified bool
}

const (
	bitsUnset = -1 // an address, no length said
	bitsWild  = -2 // default, any, all
)

// The space an address has in ip. More link address bytes or labels than
// that are refused.
const (
	maxLLAddr     = 256
	maxMPLSLabels = maxLLAddr / 4
)

// parseAddr reads an address of the given family or, for AF_UNSPEC, an IPv4
// or IPv6 address, a colon making the difference.
//
// IPv4 (ip-address(8)) is 1 to 4 numbers with strtoul's freedoms, missing
// ones being zero on the right. IPv6 is RFC 4291 section 2.2 without a zone.
// For MPLS see parseMPLS, for AF_PACKET see parseLLAddr. The words default
// (zeros) and any, all (nothing) are addresses too, of every family but MPLS.
func parseAddr(s string, family uint8) (Prefix, bool) {
	switch s {
	case "default", "any", "all":
		if family == unix.AF_MPLS {
			return Prefix{}, false
		}
		p := Prefix{Family: family, Bits: bitsWild}
		if s == "default" {
			p.Specified = true
			if n := rt.BitLen(family) / 8; n > 0 {
				p.Data = make([]byte, n)
			}
		}
		return p, true
	}

	if family == unix.AF_PACKET {
		data, ok := parseLLAddr(s)
		if !ok {
			return Prefix{}, false
		}
		return Prefix{Family: family, Data: data, Bits: len(data) * 8}, true
	}

	if strings.Contains(s, ":") {
		if family != unix.AF_UNSPEC && family != unix.AF_INET6 {
			return Prefix{}, false
		}
		// netip reads the text form as inet_pton does, but for zones.
		a, err := netip.ParseAddr(s)
		if err != nil || strings.Contains(s, "%") {
			return Prefix{}, false
		}
		b := a.As16()
		return Prefix{Family: unix.AF_INET6, Data: b[:], Bits: bitsUnset}, true
	}

	switch family {
	case unix.AF_MPLS:
		data, ok := parseMPLS(s)
		if !ok {
			return Prefix{}, false
		}
		return Prefix{Family: family, Data: data, Bits: 20}, true
	case unix.AF_UNSPEC, unix.AF_INET:
		b, ok := parseIPv4(s)
		if !ok {
			return Prefix{}, false
		}
		return Prefix{Family: unix.AF_INET, Data: b[:], Bits: bitsUnset}, true
	}
	return Prefix{}, false
}

// parseIPv4 is neither inet_aton, which would put the last number of a short
// form at the end, nor inet_pton, which has no short forms.
func parseIPv4(s string) (b [4]byte, ok bool) {
	for i := range b {
		v, used, _ := strtoul(s, 0)
		if used == 0 || v > math.MaxUint8 {
			return b, false
		}
		b[i] = byte(v)
		s = s[used:]
		if s == "" {
			return b, true
		}
		if s[0] != '.' {
			return b, false
		}
		s = s[1:]
	}
	return b, false
}

// parsePrefix reads ADDR or ADDR/LEN. LEN is a number in any of strtoul's
// bases, or an IPv4 netmask of contiguous ones, also after an IPv6 or MPLS
// address; being an IPv4 address for ip, the mask may be short and may even be
// "default", "any" or "all" (length 0). Without LEN it is a host's prefix, 0
// bits long for default, any and all, which take no LEN.
//
// ip does not let AF_PACKET come here and says so in its own words; this
// function treats it as an address without bits.
func parsePrefix(s string, family uint8) (Prefix, bool) {
	addr, length, slash := strings.Cut(s, "/")
	p, ok := parseAddr(addr, family)
	if !ok {
		return Prefix{}, false
	}
	wild := p.Bits == bitsWild
	p.Bits = rt.BitLen(p.Family)
	switch {
	case slash && wild:
		return Prefix{}, false
	case slash:
		n, ok := parsePrefixLen(length)
		if !ok || n > uint64(p.Bits) {
			return Prefix{}, false
		}
		p.Bits = int(n)
		p.Specified = true
	case wild:
		p.Bits = 0
	}
	return p, true
}

func parsePrefixLen(s string) (uint64, bool) {
	if n, ok := parseUint(s, 0, math.MaxUint32); ok {
		return n, true
	}
	p, ok := parseAddr(s, unix.AF_INET)
	if !ok {
		return 0, false
	}
	var mask uint32
	for _, b := range p.Data { // of any and all there are none: no ones
		mask = mask<<8 | uint32(b)
	}
	host := ^mask
	if host&(host+1) != 0 {
		return 0, false
	}
	return uint64(bits.OnesCount32(mask)), true
}

// parseFamily resolves the word for an address family after via and -family.
func parseFamily(s string) (uint8, bool) {
	switch s {
	case "inet":
		return unix.AF_INET, true
	case "inet6":
		return unix.AF_INET6, true
	case "link":
		return unix.AF_PACKET, true
	case "mpls":
		return unix.AF_MPLS, true
	case "bridge":
		return unix.AF_BRIDGE, true
	}
	return unix.AF_UNSPEC, false
}

// familyVerbose is familyName as used in "Error: inet prefix is expected
// rather than ...", where AF_UNSPEC has a name.
func familyVerbose(f uint8) string {
	if f == unix.AF_UNSPEC {
		return "any valid"
	}
	return rt.FamilyWord(f)
}

// parseTime reads the time of the metrics rtt, rttvar and rto_min
// (ip-route(8)): a number, with a fraction if it contains a dot, and one of
// the units s, sec, secs, ms, msec, msecs in any case. The result is in
// milliseconds, rounded up. Without a unit it is the number itself, raw, in
// the unit of the kernel's metric (1/8 ms for rtt, 1/4 ms for rttvar).
//
// A number without a dot goes through strtoul, so it may be octal or
// hexadecimal. One with a dot goes through strtod, which also knows
// hexadecimal fractions.
//
// A result that does not fit 32 bits is refused. That includes negative
// numbers without a dot, which strtoul turns into huge ones. ip converts
// those with undefined behaviour (on x86-64 it sends 1 for -5, and 2 for
// 4294967297).
func parseTime(s string) (ms uint32, raw, ok bool) {
	var t float64
	var rest string
	if strings.Contains(s, ".") {
		v, used := strtod(s)
		if used == 0 || v < 0 || math.IsInf(v, 0) {
			return 0, false, false
		}
		t, rest = v, s[used:]
	} else {
		v, used, over := strtoul(s, 0)
		if used == 0 || over {
			return 0, false, false
		}
		t, rest = float64(v), s[used:]
	}
	switch asciiLower(rest) {
	case "":
		raw = true
	case "s", "sec", "secs":
		t *= 1000
	case "ms", "msec", "msecs":
	default:
		return 0, false, false
	}
	t = math.Ceil(t)
	if t > math.MaxUint32 {
		return 0, false, false
	}
	return uint32(t), raw, true
}

// asciiLower returns s in lower case. Unlike strings.ToLower and EqualFold it
// leaves letters outside ASCII alone, some of which fold to k and s.
func asciiLower(s string) string {
	b := []byte(s)
	for i, c := range b {
		if 'A' <= c && c <= 'Z' {
			b[i] = c | 0x20
		}
	}
	return string(b)
}

// strtod is C's function of that name for the numbers that contain a dot
// somewhere, which excludes infinity and NaN: it reads the longest number at
// the start of s and returns it with the count of bytes used, 0 if there is
// none. Out of range is infinity.
func strtod(s string) (v float64, used int) {
	i := 0
	for i < len(s) && isSpace(s[i]) {
		i++
	}
	start := i
	if i < len(s) && (s[i] == '+' || s[i] == '-') {
		i++
	}
	base, exp := 10, byte('e')
	if i+1 < len(s) && s[i] == '0' && s[i+1]|0x20 == 'x' {
		j := i + 2
		if j < len(s) && digitVal(s[j]) < 16 || j+1 < len(s) && s[j] == '.' && digitVal(s[j+1]) < 16 {
			i, base, exp = j, 16, 'p'
		}
	}
	digits := 0
	for ; i < len(s) && digitVal(s[i]) < base; i++ {
		digits++
	}
	if i < len(s) && s[i] == '.' {
		i++
		for ; i < len(s) && digitVal(s[i]) < base; i++ {
			digits++
		}
	}
	if digits == 0 {
		return 0, 0
	}
	used = i
	if i < len(s) && s[i]|0x20 == exp {
		i++
		if i < len(s) && (s[i] == '+' || s[i] == '-') {
			i++
		}
		for ; i < len(s) && digitVal(s[i]) < 10; i++ {
			used = i + 1
		}
	}
	num := s[start:used]
	if base == 16 && !strings.ContainsAny(num, "pP") {
		num += "p0" // Go's syntax wants the exponent
	}
	// The only error left is the range, for which v is infinite.
	v, _ = strconv.ParseFloat(num, 64)
	return v, used
}

// parseRealms reads [FROM/]TO (ip-route(8)), each resolved by realm, into the
// value of RTA_FLOW: FROM in the upper 16 bits. An empty TO, even an empty
// word, is 0. What does not read that way may still be the 32-bit value as a
// number.
func parseRealms(s string, realm func(string) (uint32, bool)) (uint32, bool) {
	if v, ok := parseRealmPair(s, realm); ok {
		return v, true
	}
	v, ok := parseUint(s, 0, math.MaxUint32)
	return uint32(v), ok
}

func parseRealmPair(s string, realm func(string) (uint32, bool)) (uint32, bool) {
	var from uint32
	to := s
	if a, b, slash := strings.Cut(s, "/"); slash {
		v, ok := realm(a)
		if !ok {
			return 0, false
		}
		from, to = v<<16, b
	}
	if to == "" {
		return from, true
	}
	v, ok := realm(to)
	return from | v, ok
}

// GroupMember is a member of a nexthop group.
type GroupMember struct {
	ID     uint32
	Weight uint32 // 1 to 65536; struct nexthop_grp carries it less one
}

// groupErr is what is wrong with a nexthop group.
type groupErr struct {
	Kind groupErrKind
	// Word is what ip quotes: the bad weight, or else the id of the first
	// member, whichever member is bad, since by then ip has cut the word.
	Word string
}

type groupErrKind uint8

const (
	groupOK        groupErrKind = iota
	groupBad                    // argument "WORD" is wrong: "group" value is invalid
	groupBadWeight              // argument "WORD" is wrong: "weight" is invalid
)

// parseGroup reads ID[,WEIGHT][/...] (ip-nexthop(8)). Both are numbers with
// strtoul's freedoms, and a weight is 1 when left out.
func parseGroup(s string) ([]GroupMember, groupErr) {
	bad := groupErr{Kind: groupBad, Word: s}
	if i := strings.IndexAny(s, "/,"); i >= 0 {
		bad.Word = s[:i]
	}
	// Not sized by the slashes of s: most words with many are nonsense.
	var members []GroupMember
	for part := range strings.SplitSeq(s, "/") {
		id, weight, comma := strings.Cut(part, ",")
		v, ok := parseUint(id, 0, math.MaxUint32)
		if !ok {
			return nil, bad
		}
		m := GroupMember{ID: uint32(v), Weight: 1}
		if comma {
			w, ok := parseUint(weight, 0, 1<<16)
			if !ok || w == 0 {
				return nil, groupErr{Kind: groupBadWeight, Word: weight}
			}
			m.Weight = uint32(w)
		}
		members = append(members, m)
	}
	return members, groupErr{}
}

// parseIPProto reads an IP protocol (RTA_IP_PROTO): a decimal number up to
// 255, or a name that lookup, in the manner of getprotobyname, knows. A
// number of lookup's above 255 loses its upper bits as in ip, which asks for
// tcp when told mptcp (262).
func parseIPProto(s string, lookup func(string) (int, bool)) (uint8, bool) {
	if v, ok := parseUint(s, 10, math.MaxUint8); ok {
		return uint8(v), true
	}
	v, ok := lookup(s)
	if !ok || v < 0 {
		return 0, false
	}
	return uint8(v), true
}

// parseLLAddr reads a link layer address: hexadecimal bytes between colons, or
// an IPv4 address (anything with a dot) of which it takes the 4 bytes. Of a
// byte only the number at its start counts, see scanHexByte.
//
// ip reads up to 256 bytes and then no further, but returns 257; here more
// than 256 are refused.
func parseLLAddr(s string) ([]byte, bool) {
	b, bad := scanLLAddr(s)
	return b, bad == nil
}

// llAddrBad returns the words of ip's two complaints about s, an address that
// parseLLAddr refused: the one of `"WORD" is invalid lladdr.` and what is then
// left of s, cut at the first colon, for `link address is expected rather than
// "..."`.
func llAddrBad(s string) (word, cut string) {
	_, bad := scanLLAddr(s)
	if bad != nil {
		word = *bad
	}
	if strings.Contains(s, ".") {
		return word, s
	}
	cut, _, _ = strings.Cut(s, ":")
	return word, cut
}

func scanLLAddr(s string) (addr []byte, bad *string) {
	if strings.Contains(s, ".") {
		p, ok := parseAddr(s, unix.AF_INET)
		if !ok {
			return nil, &s
		}
		return p.Data, nil
	}
	for part := range strings.SplitSeq(s, ":") {
		v, ok := scanHexByte(part)
		if !ok || len(addr) == maxLLAddr {
			return nil, &part
		}
		addr = append(addr, v)
	}
	return addr, nil
}

// scanHexByte reads the number at the start of s like scanf's %x into an int
// and wants it to be 0 to 255. Whatever follows the digits is ignored, 0x may
// come first and counts as a zero if no digit follows. The int gets the low
// half of a saturated 64-bit number.
func scanHexByte(s string) (uint8, bool) {
	v, used, _ := strtoul(s, 16)
	n := int32(uint32(v))
	if used == 0 || n < 0 || n > math.MaxUint8 {
		return 0, false
	}
	return uint8(n), true
}

// parseMPLS reads a label stack, LABEL[/LABEL...] of numbers below 1<<20, as
// label stack entries (RFC 3032): 32 bits each in network byte order, the
// label in the upper 20, the bottom of stack bit set in the last. More than
// 64 labels are refused; ip prints "Error: too many labels." for that and
// nothing otherwise.
func parseMPLS(s string) ([]byte, bool) {
	var b []byte
	for len(b) < maxMPLSLabels*4 {
		v, used, _ := strtoul(s, 0)
		if used == 0 || v >= 1<<20 {
			return nil, false
		}
		b = append(b, byte(v>>12), byte(v>>4), byte(v<<4), 0)
		s = s[used:]
		if s == "" {
			b[len(b)-2] |= 1 // 1<<8 of the entry
			return b, true
		}
		if s[0] != '/' {
			return nil, false
		}
		s = s[1:]
	}
	return nil, false
}

// parseHex reads the bytes of a GENEVE option: pairs of hexadecimal digits.
// An odd character at the end is ignored, whatever it is.
func parseHex(s string) ([]byte, bool) {
	b := make([]byte, len(s)/2)
	for i := range b {
		hi, lo := digitVal(s[2*i]), digitVal(s[2*i+1])
		if hi > 15 || lo > 15 {
			return nil, false
		}
		b[i] = byte(hi<<4 | lo)
	}
	return b, true
}

// parseAddr64 reads an ILA locator or identifier (ip-ila(8)): up to 4
// hexadecimal numbers of 16 bits between colons, as the 8 bytes they have in
// a packet. Missing numbers are zero; ip leaves them uninitialised.
func parseAddr64(s string) (addr [8]byte, ok bool) {
	for i := 0; i < len(addr); i += 2 {
		v, used, _ := strtoul(s, 16)
		if used == 0 || v > math.MaxUint16 {
			return [8]byte{}, false
		}
		addr[i], addr[i+1] = byte(v>>8), byte(v)
		s = s[used:]
		if s == "" {
			return addr, true
		}
		if s[0] != ':' {
			break
		}
		s = s[1:]
	}
	return [8]byte{}, false
}

// matches tells whether prefix abbreviates word, or is it. The empty string
// abbreviates nothing.
func matches(prefix, word string) bool {
	return prefix != "" && strings.HasPrefix(word, prefix)
}
