package cli

import "testing"

// What sscanf(3) of the C library makes of the words behind `if`.
func TestScanUnsigned(t *testing.T) {
	for in, want := range map[string]uint32{
		"": 0, "x": 0, "-": 0, "10": 10, "10x": 10, "+7": 7, " 7": 7, "-1": 4294967295,
		"4294967306": 10, "99999999999999999999": 4294967295,
	} {
		if got := scanUnsigned(in); got != want {
			t.Errorf("%q: want %d, got %d", in, want, got)
		}
	}
}
