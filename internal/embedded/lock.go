package embedded

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// lock makes a data directory and keeps other brokers, of this process and of others, out of it: kfake does not, and two
// of them would write over each other. The lock ends with the process, however that ends.
func lock(dir string) (unlock func() error, err error) {
	if dir == "" {
		return func() error { return nil }, nil
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("embedded: make the data directory: %w", err)
	}
	held, err := vfs.Default.Lock(filepath.Join(dir, "millrace.lock"))
	if err != nil {
		return nil, fmt.Errorf("embedded: data directory %s is in use by another broker, close that one or take another directory: %w", dir, err)
	}
	return func() error {
		if err := held.Close(); err != nil {
			return fmt.Errorf("embedded: unlock the data directory: %w", err)
		}
		return nil
	}, nil
}

func joinUnlock(err error, unlock func() error) error { return errors.Join(err, unlock()) }
