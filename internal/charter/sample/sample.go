// Package sample holds the charter of a business that does not exist, Halm
// Coffee Roasters: the first thing a newcomer reads, what the demo runs on, and
// what tests start from.
package sample

import (
	"bytes"
	_ "embed" // the two documents
	"fmt"

	"candor/internal/charter"
	"candor/internal/clock"
)

var (
	//go:embed charter.yaml
	promise []byte
	//go:embed house.yaml
	house []byte
)

// Documents gives the two documents as written.
func Documents() (charterYAML, houseYAML []byte) { return promise, house }

// Halm gives the charter, complete for the markets EU, UK and US-CA in English and
// German. It panics when the documents are not in order, which a test rules out.
func Halm() *charter.Charter { return parsed(promise) }

// Renewed gives the same charter as somebody read it again and published it anew,
// on a day.
func Renewed(on clock.Date) *charter.Charter {
	return parsed(bytes.Replace(promise, []byte("\neffective: 2022-01-01 "), []byte("\neffective: "+on.String()+" "), 1))
}

func parsed(promise []byte) *charter.Charter {
	c, problems := charter.Parse(promise, house)
	if err := problems.Err(); err != nil {
		panic(fmt.Sprintf("sample charter: %v", problems))
	}
	return c
}
