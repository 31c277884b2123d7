package plate

import "fmt"

// Format is a plate's grid of wells.
type Format struct{ Rows, Cols int }

// The formats of the trade, by their number of wells.
var (
	Format384  = Format{Rows: 16, Cols: 24}
	Format1536 = Format{Rows: 32, Cols: 48}
)

// FormatOf is the smallest format that has all the given wells. Smaller plates
// count as 384: from its wells alone, a 96-well plate cannot be told from a
// 384-well one that is partly filled.
func FormatOf(wells ...string) (Format, error) {
	format := Format384
	for _, well := range wells {
		row, col, err := ParseWell(well)
		if err != nil {
			return Format{}, err
		}
		if !format.Has(row, col) {
			format = Format1536
		}
	}
	return format, nil
}

// Has says whether the plate has a well at row and col, counted from 1.
func (f Format) Has(row, col int) bool {
	return row >= 1 && row <= f.Rows && col >= 1 && col <= f.Cols
}

// String is the number of wells and the grid.
func (f Format) String() string {
	return fmt.Sprintf("%d wells (%d x %d)", f.Rows*f.Cols, f.Rows, f.Cols)
}
