// Command scale prints what installations of some sizes need, from the measured
// costs of doc/performance.md. Run it at the module's root: make scale.
package main

import (
	"fmt"
	"os"

	"candor/internal/tool/scale"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	doc, err := os.ReadFile("doc/performance.md")
	if err != nil {
		return err
	}
	costs, err := scale.ReadCosts(string(doc), "PostgreSQL")
	if err != nil {
		return err
	}
	return scale.Assumed.Print(os.Stdout, costs)
}
