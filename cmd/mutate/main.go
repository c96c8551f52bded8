// Command mutate switches off each piece of enforcing code in turn and shows
// that the requirement's test fails. Run it at the module's root: make mutate.
// With arguments it takes only the requirements named, such as CON-07.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"time"

	"candor/internal/tool/mutate"
	"candor/internal/tool/requirement"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	blunt, err := run(ctx, os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	if err != nil || blunt > 0 {
		os.Exit(1)
	}
}

// run reports how many tests did not notice.
func run(ctx context.Context, only []string) (blunt int, err error) {
	tried := 0
	for _, s := range mutate.Switches {
		if len(only) > 0 && !slices.Contains(only, requirement.In(s.Test)) {
			continue
		}
		r, err := mutate.Run(ctx, ".", s)
		if err != nil {
			return blunt, err
		}
		tried++
		mark, why := "bites", r.File
		if !r.Bites {
			blunt++
			mark, why = "BLUNT", r.Why
		}
		fmt.Printf("%s  %6s  %s  (%s)\n", mark, r.Took.Round(100*time.Millisecond), r.Test, why)
	}
	fmt.Printf("%d switches, %d of them noticed by nobody\n", tried, blunt)
	return blunt, nil
}
