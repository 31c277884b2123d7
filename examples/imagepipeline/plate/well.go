package plate

import "fmt"

// The largest plate, of 1,536 wells, is A01 to AF48.
const (
	maxRows    = 32
	maxColumns = 48
)

// WellName is the name of the well at a row and a column, both counted from 1:
// (2, 3) is B03, and (27, 1), beyond the alphabet, is AA01.
func WellName(row, col int) (string, error) {
	if row < 1 || row > maxRows || col < 1 || col > maxColumns {
		return "", fmt.Errorf("plate: no well at row %d, column %d: the largest plate has %d rows and %d columns, counted from 1", row, col, maxRows, maxColumns)
	}
	return RowName(row) + fmt.Sprintf("%02d", col), nil
}

// RowName is the letter of a row counted from 1: A to Z, then AA to AF; it is
// empty for a row that no plate has.
func RowName(row int) string {
	switch {
	case row < 1 || row > maxRows:
		return ""
	case row <= 26:
		return string(rune('A' + row - 1))
	}
	return "A" + string(rune('A'+row-27))
}

// ParseWell reads a well's name: letters of either case, then the column with or
// without its leading zero.
func ParseWell(name string) (row, col int, err error) {
	rest := name
	for len(rest) > 0 {
		letter := rest[0] &^ 0x20 // upper case
		if letter < 'A' || letter > 'Z' || row > maxRows {
			break
		}
		row = row*26 + int(letter-'A') + 1
		rest = rest[1:]
	}
	digits := len(rest)
	for len(rest) > 0 && rest[0] >= '0' && rest[0] <= '9' && col <= maxColumns {
		col = col*10 + int(rest[0]-'0')
		rest = rest[1:]
	}
	if len(rest) > 0 || digits > 2 || row < 1 || row > maxRows || col < 1 || col > maxColumns {
		return 0, 0, fmt.Errorf("plate: no well is named %q: wells are A01 to AF48", name)
	}
	return row, col, nil
}
