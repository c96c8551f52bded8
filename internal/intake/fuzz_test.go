package intake

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"candor/internal/errs"
)

// Whatever a file holds, its rows are read to the end, each with a line that
// never goes back, or the file is refused for a reason.
func FuzzFile(f *testing.F) {
	f.Add([]byte("id;mail\n1;a@b.c\n"), "")
	f.Add([]byte("\xef\xbb\xbfid,mail\r\n\"1\",\"a\"\"b\"\r\n1\r\n"), "")
	f.Add([]byte("id  mail\n1   2\n"), "spaces")
	f.Add([]byte("{\"id\":1}\n{\"id\":{}}\nnull\n"), "")
	f.Add([]byte("\"open"), "comma")
	f.Add([]byte{0xff, 0xfe, 'i', 0, 'd', 0}, "tab")
	f.Fuzz(func(t *testing.T, text []byte, delimiter string) {
		m := Mapping{Source: "s", Delimiter: delimiter, Columns: []Column{{Name: "id", As: "identity", What: "user", In: "x"}}}
		file, err := openFile(bytes.NewReader(text), &m)
		if err != nil {
			if errs.KindOf(err) != errs.Invalid {
				t.Errorf("refused without a reason: %v", err)
			}
			return
		}
		last := int64(0)
		for rows := 0; ; rows++ {
			_, line, err := file.next()
			if errors.Is(err, io.EOF) {
				return
			}
			if err != nil && !errors.Is(err, errRow) {
				if errs.KindOf(err) != errs.Invalid {
					t.Errorf("stopped without a reason: %v", err)
				}
				return
			}
			if line < last || rows > len(text) {
				t.Fatalf("row %d is at line %d after line %d", rows, line, last)
			}
			last = line
		}
	})
}
