package testkit

import (
	"fmt"

	"github.com/millrace-go/millrace/internal/db"
)

// Dump is every row of every store as it lies on disk or in memory, encoded, by task: two drivers that agree have the same.
func (d *Driver) Dump() []string {
	d.t.Helper()
	var rows []string
	for _, m := range d.c.tasks {
		for _, s := range m.task.Stores() {
			disk := m.cfg.Disk
			if s.Store.Memory {
				disk = m.cfg.Memory
			}
			id, ok, err := disk.Get(append([]byte{0, 0, 's'}, s.Store.Name...))
			d.check(s.Store.Name, err)
			if !ok {
				continue
			}
			more, err := encoded(disk, [2]byte(id))
			d.check(s.Store.Name, err)
			for _, row := range more {
				rows = append(rows, fmt.Sprintf("%s %s: %s", m.id, s.Store.Name, row))
			}
		}
	}
	return rows
}

// encoded lists the rows under a store's id.
func encoded(d db.DB, id [2]byte) (rows []string, err error) {
	it, err := d.Iter(id[:], []byte{id[0], id[1] + 1})
	if err != nil {
		return nil, err
	}
	for it.Next() {
		rows = append(rows, fmt.Sprintf("%q=%q", it.Key()[2:], it.Value()))
	}
	if err := it.Err(); err != nil {
		_ = it.Close() // the walk's error tells more
		return nil, err
	}
	return rows, it.Close()
}
