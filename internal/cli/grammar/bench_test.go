package grammar

import (
	"testing"

	"golang.org/x/sys/unix"

	"nhctl/internal/nl"
)

// BenchmarkRouteAdd reads the words of one line of a batch.
func BenchmarkRouteAdd(b *testing.B) {
	env := testEnv(0)
	args := []string{"198.51.100.7/32", "via", "192.0.2.2", "dev", "veth0", "proto", "static", "metric", "20"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := RouteModify(env, unix.RTM_NEWROUTE, nl.Create|nl.Excl, args); err != nil {
			b.Fatal(err)
		}
	}
}
