// Command requirements prints the catalogue of requirements with the tests that
// carry each. Run it at the module's root: make requirements.
package main

import (
	"fmt"
	"os"

	"candor/internal/tool/mutate"
	"candor/internal/tool/requirement"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run() error {
	f, err := os.Open(requirement.Doc)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	all, err := requirement.Parse(f)
	if err != nil {
		return err
	}
	tests, err := requirement.Tests(os.DirFS("."))
	if err != nil {
		return err
	}
	bites := map[string]bool{}
	for _, s := range mutate.Switches {
		bites[s.Test] = true
	}
	requirement.Report(os.Stdout, all, tests, bites)
	return nil
}
