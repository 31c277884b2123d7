package runtime

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/cockroachdb/pebble/v2/vfs"
)

// stateDir is the application's directory: a lock, the instance's id, and a directory per task.
//
//	LOCK
//	instance            the instance's id, and how many workers it last had
//	tasks/7/task.json   what the store belongs to
//	tasks/7/db/         the store
//	global/task.json    the topics that the global tables are images of
//	global/db/          the global tables
type stateDir struct {
	path     string
	lock     io.Closer
	Instance string `json:"instance"`
	Workers  int    `json:"workers"`
}

// openStateDir locks the directory and reads or chooses the instance's id.
func openStateDir(path, instance string) (*stateDir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("runtime: make the state directory: %w: set Config.StateDir to one that can be written", err)
	}
	lock, err := vfs.Default.Lock(filepath.Join(path, "LOCK"))
	if err != nil {
		return nil, fmt.Errorf("runtime: the state directory %s is in use by another process (or another application in this one): "+
			"stop it, or give each instance a Config.StateDir of its own: %w", path, err)
	}
	d := &stateDir{path: path, lock: lock}
	if err := d.identify(instance); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return d, nil
}

// identify settles the instance's id, which lasts: with it a restarted process takes its own place again at once.
func (d *stateDir) identify(instance string) error {
	b, err := os.ReadFile(d.file())
	switch {
	case err == nil:
		if err := json.Unmarshal(b, d); err != nil {
			return fmt.Errorf("runtime: %s is damaged: delete it: %w", d.file(), err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("runtime: %w", err)
	}
	if instance != "" {
		d.Instance = instance
	}
	if d.Instance == "" {
		var id [4]byte
		_, _ = rand.Read(id[:]) // never fails, says its documentation
		d.Instance = hex.EncodeToString(id[:])
	}
	return d.save()
}

func (d *stateDir) file() string { return filepath.Join(d.path, "instance") }

func (d *stateDir) save() error {
	b, err := json.Marshal(d)
	if err != nil {
		return err
	}
	return replaceFile(d.file(), b)
}

func (d *stateDir) close() error { return d.lock.Close() }

// taskDir is where a task's store lies. Its name is the task's place in the registry, which lasts; what it belongs to is
// written inside, since a registry may be deleted and made anew.
type taskDir struct {
	path string
	seal seal
	seen time.Time // when the store last had all that its changelogs have
}

// seal says whose a store is.
type seal struct {
	Task       string            `json:"task"`
	Changelogs map[string]string `json:"changelogs"` // the ids of the topics of which the store is an image
}

// task opens the directory of a task. What is there for another one is deleted.
func (d *stateDir) task(slot int32, name string) (*taskDir, error) {
	return sealedDir(filepath.Join(d.path, "tasks", strconv.Itoa(int(slot))), name)
}

// globals opens the directory of the global tables.
func (d *stateDir) globals() (*taskDir, error) {
	return sealedDir(filepath.Join(d.path, "global"), "global tables")
}

func sealedDir(path, name string) (*taskDir, error) {
	t := &taskDir{path: path}
	if err := os.MkdirAll(t.path, 0o700); err != nil {
		return nil, fmt.Errorf("runtime: task %s: %w", name, err)
	}
	b, err := os.ReadFile(t.file())
	if err == nil {
		err = json.Unmarshal(b, &t.seal)
	}
	if err != nil || t.seal.Task != name {
		t.seal = seal{Task: name}
		if err := os.RemoveAll(t.db()); err != nil {
			return nil, fmt.Errorf("runtime: task %s: %w", name, err)
		}
		if err := t.save(); err != nil {
			return nil, err
		}
	}
	if info, err := os.Stat(t.file()); err == nil {
		t.seen = info.ModTime()
	}
	if t.seal.Changelogs == nil {
		t.seal.Changelogs = map[string]string{}
	}
	return t, nil
}

func (t *taskDir) file() string { return filepath.Join(t.path, "task.json") }
func (t *taskDir) db() string   { return filepath.Join(t.path, "db") }

// save writes the seal; its time says that the store is current now.
func (t *taskDir) save() error {
	b, err := json.Marshal(t.seal)
	if err != nil {
		return err
	}
	return replaceFile(t.file(), b)
}

// mark notes on the disk how old the store is that is safe there.
func (t *taskDir) mark() error { return os.Chtimes(t.file(), t.seen, t.seen) }

// replaceFile writes a file whole or not at all.
func replaceFile(name string, b []byte) error {
	tmp := name + ".new"
	if err := os.WriteFile(tmp, b, 0o600); err != nil {
		if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
			err = fmt.Errorf("%w: make room on the disk, or move Config.StateDir, and start again", err)
		}
		return fmt.Errorf("runtime: %w", err)
	}
	if err := os.Rename(tmp, name); err != nil {
		return fmt.Errorf("runtime: %w", err)
	}
	return nil
}

// RemoveState deletes the directory of an application, unless a process uses it.
func RemoveState(dir, app string) error {
	path := AppDir(dir, app)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	d, err := openStateDir(path, "")
	if err != nil {
		return err
	}
	return errors.Join(os.RemoveAll(path), d.close())
}
