package schema

import (
	"encoding/json"
	"testing"
)

func TestTheSchemasAreInOrder(t *testing.T) {
	for name, text := range map[string][]byte{"charter": Charter(), "house": House()} {
		var doc map[string]any
		if err := json.Unmarshal(text, &doc); err != nil || doc["$schema"] != "https://json-schema.org/draft/2020-12/schema" {
			t.Errorf("%s: %v", name, err)
		}
	}
	if got := CheckHouse(map[string]any{"candor": json.Number("1")}); len(got) != 0 {
		t.Errorf("the smallest house: %v", got)
	}
	faults := CheckCharter(map[string]any{"candor": json.Number("2")})
	if len(faults) < 5 {
		t.Errorf("an empty charter has %d faults", len(faults))
	}
	for _, f := range faults {
		if f.Rule == "" || f.Say == "" {
			t.Errorf("a fault without rule or words: %+v", f)
		}
	}
}
