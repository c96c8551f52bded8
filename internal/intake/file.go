package intake

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"unicode/utf8"
)

var delimiters = map[string]rune{"comma": ',', "semicolon": ';', "tab": '\t', "spaces": ' '}

// maxRow bounds one row, so that a file without line ends is not read into
// memory whole.
const maxRow = 1 << 20

// file reads the rows of a file.
type file struct {
	header []string
	extra  map[string]bool // names in JSON lines that nothing maps
	next   func() (cells []string, line int64, err error)
}

var errRow = errors.New("a row that cannot be read")

// openFile finds the delimiter, when none is given, and reads the header. A file
// whose first character is { holds JSON lines; its columns are those the mapping
// names.
func openFile(r io.Reader, m *Mapping) (*file, error) {
	guard := &guard{r: r, left: maxRow}
	in := bufio.NewReaderSize(guard, 64<<10)
	if mark, _ := in.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) {
		_, _ = in.Discard(3)
	}
	if first, _ := in.Peek(64); bytes.HasPrefix(bytes.TrimLeft(first, " \t\r\n"), []byte("{")) && m.Delimiter == "" {
		return openLines(in, guard, m.names()), nil
	}
	sep := delimiters[m.Delimiter]
	if sep == 0 {
		sample, _ := in.Peek(in.Size())
		sep = detect(sample)
	}
	f := &file{}
	if sep == ' ' {
		f.next = spaced(in, guard)
	} else {
		f.next = separated(in, guard, sep)
	}
	header, _, err := f.next()
	if errors.Is(err, io.EOF) {
		return nil, mappingError("the file is empty")
	}
	if err != nil {
		return nil, mappingError("the first row, which names the columns, cannot be read")
	}
	for i := range header {
		header[i] = strings.TrimSpace(header[i])
		if !utf8.ValidString(header[i]) || strings.IndexByte(header[i], 0) >= 0 {
			return nil, mappingError("the file is not UTF-8; save it as UTF-8")
		}
		if slices.Contains(header[:i], header[i]) {
			return nil, mappingError("two columns of the file have the same name: columns %d and %d", slices.Index(header, header[i])+1, i+1)
		}
	}
	f.header = slices.Clone(header)
	return f, nil
}

// detect finds the delimiter under which most of the first rows have as many
// columns as the header, and most of them. Runs of spaces come last.
func detect(sample []byte) rune {
	if i := bytes.LastIndexByte(sample, '\n'); i >= 0 {
		sample = sample[:i+1]
	}
	best, most := ',', 1
	for _, sep := range []rune{',', ';', '\t'} {
		r := csv.NewReader(bytes.NewReader(sample))
		r.Comma, r.FieldsPerRecord = sep, -1
		if n := commonWidth(func() (int, error) { row, err := r.Read(); return len(row), err }); n > most {
			best, most = sep, n
		}
	}
	if most > 1 {
		return best
	}
	lines := bufio.NewScanner(bytes.NewReader(sample))
	n := commonWidth(func() (int, error) {
		if !lines.Scan() {
			return 0, io.EOF
		}
		return len(strings.Fields(lines.Text())), nil
	})
	if n > 1 {
		return ' '
	}
	return ','
}

// commonWidth gives the width of the header when more than half of the first
// rows have it too, else 0.
func commonWidth(next func() (int, error)) int {
	width, err := next()
	if err != nil {
		return 0
	}
	rows, same := 0, 0
	for rows < 20 {
		n, err := next()
		if errors.Is(err, io.EOF) {
			break
		}
		rows++
		if err == nil && n == width {
			same++
		}
	}
	if rows > 0 && 2*same <= rows {
		return 0
	}
	return width
}

func separated(in *bufio.Reader, g *guard, sep rune) func() ([]string, int64, error) {
	r := csv.NewReader(in)
	r.Comma, r.FieldsPerRecord, r.ReuseRecord = sep, -1, true
	return func() ([]string, int64, error) {
		g.left = maxRow
		cells, err := r.Read()
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, int64(broken.StartLine), errRow
		}
		if err != nil {
			return nil, 0, err
		}
		line, _ := r.FieldPos(0)
		return cells, int64(line), nil
	}
}

func spaced(in *bufio.Reader, g *guard) func() ([]string, int64, error) {
	line := int64(0)
	return func() ([]string, int64, error) {
		for {
			g.left = maxRow
			text, err := in.ReadString('\n')
			if text == "" && err != nil {
				return nil, line, err
			}
			line++
			if cells := strings.Fields(text); len(cells) > 0 {
				return cells, line, nil
			}
		}
	}
}

var errLongRow = mappingError("a row of the file is longer than 1 MB; is the delimiter right, and is it a text file?")

// guard stops reading when one row takes too much.
type guard struct {
	r    io.Reader
	left int
}

func (g *guard) Read(p []byte) (int, error) {
	n, err := g.r.Read(p)
	if g.left -= n; g.left < 0 {
		return 0, errLongRow
	}
	return n, err
}
