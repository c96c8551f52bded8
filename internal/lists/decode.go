package lists

import (
	"bufio"
	"bytes"
	"io"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// decoder turns what exports and spreadsheets write into UTF-8: UTF-8 with and
// without its mark, UTF-16 with its mark, and Windows-1252, taken byte by byte
// wherever the text is not UTF-8, so that a file pasted together from two
// sources is still read right.
type decoder struct {
	in     *bufio.Reader
	kind   string
	latin  bool // a byte was not UTF-8
	pad    []byte
	utf16d io.Reader
}

func newDecoder(r io.Reader) (*decoder, error) {
	d := &decoder{in: bufio.NewReaderSize(r, 64<<10), kind: "UTF-8"}
	mark, err := d.in.Peek(3)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(mark, []byte("\xef\xbb\xbf")):
		_, _ = d.in.Discard(3)
		d.kind = "UTF-8 with a byte-order mark"
	case bytes.HasPrefix(mark, []byte("\xff\xfe")), bytes.HasPrefix(mark, []byte("\xfe\xff")):
		d.kind = "UTF-16"
		d.utf16d = transform.NewReader(d.in, unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM).NewDecoder())
	}
	return d, nil
}

func (d *decoder) name() string {
	if d.latin {
		return "Windows-1252"
	}
	return d.kind
}

// Read implements io.Reader.
func (d *decoder) Read(p []byte) (int, error) {
	if d.utf16d != nil {
		return d.utf16d.Read(p)
	}
	n := copy(p, d.pad)
	d.pad = d.pad[n:]
	for n < len(p) {
		if n > 0 && d.in.Buffered() == 0 {
			break
		}
		b, err := d.in.ReadByte()
		if err != nil {
			if n > 0 && err == io.EOF {
				return n, nil
			}
			return n, err
		}
		if b == 0 {
			continue // text has none; databases refuse it
		}
		if b < utf8.RuneSelf {
			p[n] = b
			n++
			continue
		}
		char := d.character(b)
		took := copy(p[n:], char)
		n += took
		d.pad = append(d.pad[:0], char[took:]...)
	}
	return n, nil
}

// character completes a character of several bytes.
func (d *decoder) character(first byte) []byte {
	next, _ := d.in.Peek(utf8.UTFMax - 1)
	char := append([]byte{first}, next...)
	if r, size := utf8.DecodeRune(char); r != utf8.RuneError {
		_, _ = d.in.Discard(size - 1)
		return char[:size]
	}
	d.latin = true
	return utf8.AppendRune(nil, charmap.Windows1252.DecodeByte(first))
}
