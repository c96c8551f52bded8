// Command advisories says which known flaws of what we build on may not stay any
// longer. Run it at the module's root; scripts/lint does.
package main

import (
	"os"
	"time"

	"candor/internal/tool/advisory"
)

func main() { os.Exit(advisory.Main(os.Args[1:], os.Stdin, os.Stdout, time.Now())) }
