// Command nhctl shows and changes routes and nexthop objects of the Linux
// kernel as ip(8) does, and explains what goes over the wire.
package main

import (
	"os"

	"nhctl/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args)) }
