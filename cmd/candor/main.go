// Command candor is customer lifecycle management that keeps its promises.
package main

import (
	"os"

	"candor/internal/cli"
)

func main() { os.Exit(cli.Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
