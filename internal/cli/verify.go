package cli

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"candor/internal/errs"
	"candor/internal/ledger/receipt"
)

type verifyCmd struct {
	Receipt string `arg:"" help:"The receipt's file, or - for standard input."`
	Key     string `required:"" placeholder:"PUB" help:"The log's public key, or a file that holds it, from a place you trust."`
	Origin  string `required:"" placeholder:"NAME" help:"The log's name, from a place you trust."`
}

// Run checks a receipt against a key the caller brings along; a key inside the
// receipt would prove nothing.
func (c verifyCmd) Run(e *env) error {
	b, err := readInput(e, c.Receipt)
	if err != nil {
		return err
	}
	key := c.Key
	if text, err := os.ReadFile(c.Key); err == nil {
		key = string(text)
	}
	v, err := receipt.Verify(b, trimLine(key), c.Origin)
	if err != nil {
		return err
	}
	return e.print(map[string]any{"valid": true, "leaf_index": v.Index, "tree_size": v.Size, "record": v.Record},
		fmt.Sprintf("good: leaf %d of %d in the log %s\n%s\n", v.Index, v.Size, c.Origin, v.Record))
}

// maxInput bounds what is read from a file or standard input.
const maxInput = 16 << 20

func readInput(e *env, name string) ([]byte, error) {
	from := e.in
	if name != "-" {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, errs.New(errs.NotFound, "no_file", "there is no file %s", name)
		}
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }()
		from = f
	}
	b, err := io.ReadAll(io.LimitReader(from, maxInput+1))
	if err == nil && len(b) > maxInput {
		err = errs.New(errs.TooLarge, "file_too_large", "%s is larger than %d bytes", name, maxInput)
	}
	return b, err
}

func trimLine(s string) string {
	for len(s) > 0 && (s[len(s)-1] == '\n' || s[len(s)-1] == '\r' || s[len(s)-1] == ' ') {
		s = s[:len(s)-1]
	}
	return s
}
