package release

import (
	"crypto/sha256"
	"debug/buildinfo"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	cdx "github.com/CycloneDX/cyclonedx-go"
)

// billSuffix names the list of what is in a binary.
const billSuffix = ".cdx.json"

// Bill lists what is in a binary, as the binary itself says (CycloneDX): every
// module with its version and the checksum that Go verified, and the toolchain's
// library.
func Bill(binary, version string, made time.Time) (*cdx.BOM, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	content, err := os.ReadFile(binary)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	b := cdx.NewBOM()
	b.SerialNumber = fmt.Sprintf("urn:uuid:%x-%x-4%x-8%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])[:45]
	self := cdx.Component{BOMRef: "candor", Type: cdx.ComponentTypeApplication, Name: "candor", Version: version, Description: filepath.Base(binary),
		Hashes: &[]cdx.Hash{{Algorithm: cdx.HashAlgoSHA256, Value: hex.EncodeToString(sum[:])}}}
	b.Metadata = &cdx.Metadata{Timestamp: made.UTC().Format(time.RFC3339), Component: &self}
	list := []cdx.Component{library("stdlib", strings.TrimPrefix(info.GoVersion, "go"), "")}
	refs := []string{list[0].BOMRef}
	for _, m := range info.Deps {
		if m.Replace != nil {
			m = m.Replace
		}
		list = append(list, library(m.Path, m.Version, m.Sum))
		refs = append(refs, list[len(list)-1].BOMRef)
	}
	b.Components, b.Dependencies = &list, &[]cdx.Dependency{{Ref: "candor", Dependencies: &refs}}
	return b, nil
}

func library(path, version, sum string) cdx.Component {
	url := "pkg:golang/" + path + "@" + version
	c := cdx.Component{BOMRef: url, Type: cdx.ComponentTypeLibrary, Name: path, Version: version, PackageURL: url, Scope: cdx.ScopeRequired}
	if sum != "" {
		c.Properties = &[]cdx.Property{{Name: "go:sum", Value: sum}}
	}
	return c
}

func writeBill(binary string, o Options) error {
	b, err := Bill(binary, o.Version, o.Made)
	if err != nil {
		return err
	}
	f, err := os.Create(binary + billSuffix)
	if err != nil {
		return err
	}
	err = cdx.NewBOMEncoder(f, cdx.BOMFileFormatJSON).SetPretty(true).Encode(b)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}
