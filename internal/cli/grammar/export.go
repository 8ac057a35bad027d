package grammar

// Family reads the name of an address family: inet, inet6, link, mpls,
// bridge.
func Family(s string) (uint8, bool) { return parseFamily(s) }

// Number reads an unsigned 32-bit number as strtoul with base 0 does.
func Number(s string) (uint64, bool) { return parseUint(s, 0, maxU32) }

// Matches says whether prefix is a beginning of word, and not empty.
func Matches(prefix, word string) bool { return matches(prefix, word) }

// HopKeywords describes the words of a nexthop block of `route add`.
func HopKeywords() []Keyword { return describe(hopWords) }

// ResilientKeywords describes the words behind `type resilient`.
func ResilientKeywords() []Keyword { return describe(resWords) }
