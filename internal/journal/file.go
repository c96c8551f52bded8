package journal

import (
	"bufio"
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"candor/internal/errs"
)

// file keeps one act a line: number, chain hash in hex, body. It is appended to
// under a lock of the operating system, by one process.
type file struct {
	mu   sync.Mutex
	f    *os.File
	path string
	size int64 // bytes that are whole lines on disk
	seq  int64
	hash []byte
	bad  error // set when the file's state is not known; no more writing then
}

// longestLine bounds a line: digests, names and a seal.
const longestLine = 1 << 20

func openFile(path string) (*file, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, ownerOnly)
	if err != nil {
		return nil, fmt.Errorf("protection journal: %w", err)
	}
	j := &file{f: f, path: path}
	if err := j.ready(); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return j, nil
}

// ready locks the file, reads to its last whole line and cuts off a torn one.
func (j *file) ready() error {
	if err := syscall.Flock(int(j.f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errs.New(errs.Conflict, Failed, "another process has the protection journal open; stop it first")
	}
	end, err := j.f.Seek(0, io.SeekEnd)
	if err != nil {
		return fmt.Errorf("protection journal: %w", err)
	}
	var size int64
	err = j.scan(func(l line, length int) error {
		j.seq, j.hash = l.seq, l.hash
		size += int64(length)
		return nil
	})
	if err != nil {
		return err
	}
	j.size = size
	if end > size {
		if err := errors.Join(j.f.Truncate(size), j.f.Sync()); err != nil {
			return fmt.Errorf("protection journal: cut a torn line: %w", err)
		}
	}
	return syncFolder(filepath.Dir(j.path))
}

// syncFolder makes the file's name durable.
func syncFolder(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return fmt.Errorf("protection journal: %w", err)
	}
	return errors.Join(d.Sync(), d.Close())
}

// scan reads the whole lines from the start. What follows the last line break is
// torn and is not given.
func (j *file) scan(fn func(l line, length int) error) error {
	r := bufio.NewReaderSize(io.NewSectionReader(j.f, 0, 1<<62), longestLine)
	for n := int64(1); ; n++ {
		text, err := r.ReadSlice('\n')
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return broken(n)
		}
		l, err := parseLine(text[:len(text)-1])
		if err != nil {
			return broken(n)
		}
		if err := fn(l, len(text)); err != nil {
			return err
		}
	}
}

// parseLine reads "number hash body".
func parseLine(text []byte) (line, error) {
	number, rest, ok := bytes.Cut(text, []byte(" "))
	sum, body, ok2 := bytes.Cut(rest, []byte(" "))
	if !ok || !ok2 {
		return line{}, fmt.Errorf("a line has three parts")
	}
	seq, err := strconv.ParseInt(string(number), 10, 64)
	if err != nil || strconv.FormatInt(seq, 10) != string(number) {
		return line{}, fmt.Errorf("a line starts with its number")
	}
	hash, err := hex.DecodeString(string(sum))
	if err != nil || len(hash) != 32 {
		return line{}, fmt.Errorf("a line's hash is 32 bytes in hex")
	}
	return line{seq: seq, hash: hash, body: bytes.Clone(body)}, nil
}

func (l line) text() []byte {
	return fmt.Appendf(nil, "%d %x %s\n", l.seq, l.hash, l.body)
}

// add writes the lines at the end with one fsync. When that fails the lines are
// cut off again; when even that fails, or fsync did, the file is not written any
// more, since nobody can say what is on disk.
func (j *file) add(lines []line) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.bad != nil {
		return j.bad
	}
	seq, hash := j.seq, j.hash
	var out []byte
	for _, l := range lines {
		seq++
		l.seq, l.hash = seq, chain(hash, seq, l.body)
		hash = l.hash
		out = append(out, l.text()...)
	}
	if _, err := j.f.WriteAt(out, j.size); err != nil {
		j.bad = j.f.Truncate(j.size)
		return fmt.Errorf("protection journal: %w", err)
	}
	if err := j.f.Sync(); err != nil {
		j.bad = fmt.Errorf("protection journal: %w", err)
		return j.bad
	}
	j.size, j.seq, j.hash = j.size+int64(len(out)), seq, hash
	return nil
}

func (j *file) head(context.Context) (int64, []byte, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.seq, j.hash, j.bad
}

func (j *file) each(ctx context.Context, after int64, fn func(line) error) error {
	return j.scan(func(l line, _ int) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if l.seq <= after {
			return nil
		}
		return fn(l)
	})
}

func (j *file) close() error { return j.f.Close() }
