package app

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// synchronised reports whether something keeps the clock right.
func synchronised() bool {
	var t syscall.Timex
	state, err := syscall.Adjtimex(&t)
	const unsynchronised = 5 // TIME_ERROR
	return err == nil && state != unsynchronised
}

// freeSpace is what a folder's disk has left for the server.
func freeSpace(folder string) (bytes int64, ok bool) {
	var s syscall.Statfs_t
	if err := syscall.Statfs(folder, &s); err != nil {
		return 0, false
	}
	return int64(s.Bavail) * s.Bsize, true //nolint:gosec // a disk's blocks
}

// encrypted reports whether a folder's disk is an encrypted mapping, or one that
// lies on nothing else.
func encrypted(folder string) bool {
	var s syscall.Stat_t
	if err := syscall.Stat(folder, &s); err != nil {
		return false
	}
	dev := deviceOf(folder, s.Dev)
	return dev != "" && encryptedDevice(filepath.Join("/sys/dev/block", dev), 8)
}

// deviceOf names the block device that a folder is on, as major:minor. File
// systems such as btrfs have numbers of their own, so the mount says.
func deviceOf(folder string, dev uint64) string {
	number := fmt.Sprintf("%d:%d", dev>>8&0xfff, dev&0xff|dev>>12&0xfff00)
	if _, err := os.Stat("/sys/dev/block/" + number); err == nil {
		return number
	}
	f, err := os.Open("/proc/self/mountinfo")
	if err != nil {
		return ""
	}
	defer func() { _ = f.Close() }()
	best, source := "", ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		left, right, ok := strings.Cut(lines.Text(), " - ")
		at, of := strings.Fields(left), strings.Fields(right)
		if !ok || len(at) < 5 || len(of) < 2 || len(at[4]) < len(best) || !strings.HasPrefix(folder+"/", strings.TrimRight(at[4], "/")+"/") {
			continue
		}
		best, source = at[4], of[1]
	}
	var s syscall.Stat_t
	if source == "" || syscall.Stat(source, &s) != nil || s.Rdev == 0 {
		return ""
	}
	return fmt.Sprintf("%d:%d", s.Rdev>>8&0xfff, s.Rdev&0xff|s.Rdev>>12&0xfff00)
}

// encryptedDevice follows a device down to what it lies on.
func encryptedDevice(sys string, depth int) bool {
	if uuid, err := os.ReadFile(filepath.Join(sys, "dm", "uuid")); err == nil && strings.HasPrefix(string(uuid), "CRYPT-") {
		return true
	}
	below, err := os.ReadDir(filepath.Join(sys, "slaves"))
	if err != nil || len(below) == 0 || depth == 0 {
		return false
	}
	for _, b := range below {
		if !encryptedDevice(filepath.Join(sys, "slaves", b.Name()), depth-1) {
			return false
		}
	}
	return true
}
