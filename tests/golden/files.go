package golden

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
)

// Files are all golden files by name, with their content.
func Files() (map[string]string, error) {
	files := map[string]string{}
	for _, s := range Scenes() {
		m, err := Read(s.Segments)
		if err != nil {
			return nil, err
		}
		m.About = s.About
		if files[s.Name+".json"], err = encode(m); err != nil {
			return nil, err
		}
		files[s.Name+".pool.hex"] = Dump(s.Pool)
		files[s.Name+".seats.hex"] = Dump(s.Seats)
	}
	var err error
	if files["damaged.json"], err = encode(Damages()); err != nil {
		return nil, err
	}
	if files["messages.json"], err = encode(Messages()); err != nil {
		return nil, err
	}
	files["records.json"], err = encode(Areas())
	return files, err
}

func encode(v any) (string, error) {
	var text bytes.Buffer
	out := json.NewEncoder(&text)
	out.SetEscapeHTML(false)
	out.SetIndent("", "  ")
	err := out.Encode(v)
	return text.String(), err
}

// Load reads the segments of a scene from the files of a folder.
func Load(folder, scene string) (s Segments, err error) {
	for suffix, into := range map[string]*[]byte{".pool.hex": &s.Pool, ".seats.hex": &s.Seats} {
		text, err := os.ReadFile(filepath.Join(folder, scene+suffix))
		if err != nil {
			return s, err
		}
		if *into, err = Undump(string(text)); err != nil {
			return s, err
		}
	}
	return s, nil
}
