package out

import (
	"encoding/json"
	"testing"
)

// Text from outside, as it is shown and as it stands in JSON.
func TestSafe(t *testing.T) {
	for _, tt := range []struct{ s, text, json string }{
		{"eth0", "eth0", `"eth0"`},
		{"a\x1b[31m", `a\x1b[31m`, `"a\u001b[31m"`},
		{"übér€", "übér€", `"übér€"`},
		{"a\u009bb", `a\u009bb`, `"a\u009bb"`},
		{"a\u202eb", `a\u202eb`, `"a\u202eb"`},
		{"a\u2066b", `a\u2066b`, `"a\u2066b"`},
		{"\ufeffroute", `\ufeffroute`, `"\ufeffroute"`},
		{"v\u200b0", `v\u200b0`, `"v\u200b0"`},
		{"a\u2028b", `a\u2028b`, `"a\u2028b"`},
	} {
		if got := string(AppendSafe(nil, tt.s)); got != tt.text {
			t.Errorf("%q as text: want %s, got %s", tt.s, tt.text, got)
		}
		got := appendJSON(nil, tt.s)
		if string(got) != tt.json {
			t.Errorf("%q in JSON: want %s, got %s", tt.s, tt.json, got)
		}
		var back string
		if err := json.Unmarshal(got, &back); err != nil || back != tt.s {
			t.Errorf("%q in JSON: read back as %q, %v", tt.s, back, err)
		}
	}
}
