// Command release makes what is given away: binaries, what is in them, Debian
// packages, checksums and their signature. Run it at the module's root: make
// package. With -new-key FILE it makes a key that signs releases.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"candor/internal/tool/release"
)

func main() {
	o := release.Options{Root: ".", NFPM: []string{"go", "tool", "nfpm"}}
	flag.StringVar(&o.To, "to", "dist", "folder of what is made")
	flag.StringVar(&o.Version, "version", "0.0.0", "version, such as 1.4.0")
	flag.StringVar(&o.Key, "key", "", "file of the key that signs the checksums")
	arches := flag.String("arch", "amd64,arm64", "architectures")
	key := flag.String("new-key", "", "make a key in this file, and nothing else")
	flag.Parse()
	if *key != "" {
		end(release.NewKey(*key))
		return
	}
	o.Arches, o.Made = strings.Split(*arches, ","), made()
	names, err := release.Make(context.Background(), o)
	end(err)
	fmt.Println(strings.Join(names, "\n"))
	if o.Key == "" {
		fmt.Println("The checksums are not signed: give -key.")
	}
}

// made is when the source is from, so that two builds of it agree.
func made() time.Time {
	if n, err := strconv.ParseInt(os.Getenv("SOURCE_DATE_EPOCH"), 10, 64); err == nil {
		return time.Unix(n, 0)
	}
	return time.Unix(0, 0)
}

func end(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
