// Package man holds the manual pages, so that nhctl can show one where man or
// the pages are not installed. Their prose is written by hand; the blocks
// between `.\" generated:` and `.\" end` are scripts/genman's.
package man

import (
	"embed"
	"strings"
)

//go:generate go run ../../scripts/genman

//go:embed *.8
var pages embed.FS

// section is the manual's section that all pages are of.
const section = ".8"

// Page is the mdoc(7) source of the page on a topic: an object, or a page's
// name with or without its section. No topic is nhctl(8) itself.
func Page(topic string) (string, bool) {
	name := strings.TrimSuffix(topic, section)
	if name == "" {
		name = "nhctl"
	}
	for _, try := range []string{name, "nhctl-" + name} {
		if b, err := pages.ReadFile(try + section); err == nil {
			return string(b), true
		}
	}
	return "", false
}

// Topics are the names of the pages, sorted, without their section.
func Topics() (names []string) {
	files, _ := pages.ReadDir(".") // there is no way for it to fail
	for _, f := range files {
		names = append(names, strings.TrimSuffix(f.Name(), section))
	}
	return names
}
