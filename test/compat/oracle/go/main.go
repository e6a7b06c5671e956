// Makes the vectors that say what Go itself answers: regular expressions, booleans, trimmed text, flag lists, durations.
//
//	cd test/compat/oracle/go && go run . ../../vectors && npx prettier --write ../../vectors
package main

import (
	"encoding/csv"
	"encoding/json"
	"log"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

type pattern struct {
	Pattern string   `json:"pattern"`
	Valid   bool     `json:"valid"`
	Matches []string `json:"matches"`
}

type answer struct {
	Text  string `json:"text"`
	Value any    `json:"value,omitempty"`
	Valid bool   `json:"valid"`
}

func main() {
	if len(os.Args) != 2 {
		log.Fatal("usage: go run . <directory of vectors>")
	}
	write("regexps.json", map[string]any{"names": names, "patterns": matchAll()})
	write("parse-bools.json", answerAll(bools, func(text string) (any, error) { return strconv.ParseBool(text) }))
	write("trims.json", answerAll(padded, func(text string) (any, error) { return strings.TrimSpace(text), nil }))
	write("flag-lists.json", answerAll(lists, func(text string) (any, error) { return parseList(text) }))
	write("durations.json", answerAll(durations, func(text string) (any, error) {
		duration, err := time.ParseDuration(text)
		return strconv.FormatInt(duration.Nanoseconds(), 10), err
	}))
}

// matchAll asks for every pattern about every name: `^<pattern>$`, searched for in the name.
func matchAll() []pattern {
	all := append([]string{}, patterns...)
	all = append(all, names...)
	// One annotation key can serve two flags, so that booleans are read as patterns.
	for _, text := range bools {
		for _, element := range strings.Split(text, ",") {
			all = append(all, strings.TrimSpace(element))
		}
	}
	seen := map[string]bool{}
	result := []pattern{}
	for _, text := range all {
		if seen[text] {
			continue
		}
		seen[text] = true
		row := pattern{Pattern: text, Matches: []string{}}
		expression, err := regexp.Compile("^" + text + "$")
		row.Valid = err == nil
		for _, name := range names {
			if row.Valid && expression.MatchString(name) {
				row.Matches = append(row.Matches, name)
			}
		}
		result = append(result, row)
	}
	return result
}

func answerAll(texts []string, ask func(string) (any, error)) []answer {
	result := []answer{}
	for _, text := range texts {
		row := answer{Text: text, Valid: true}
		value, err := ask(text)
		if err != nil {
			row.Valid = false
		} else {
			row.Value = value
		}
		result = append(result, row)
	}
	return result
}

// parseList is what a flag of type StringSlice does with one value: nothing is an empty list, the rest is one CSV record.
func parseList(text string) ([]string, error) {
	if text == "" {
		return []string{}, nil
	}
	return csv.NewReader(strings.NewReader(text)).Read()
}

func write(name string, value any) {
	file, err := os.Create(filepath.Join(os.Args[1], name))
	if err != nil {
		log.Fatal(err)
	}
	encoder := json.NewEncoder(file)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(value); err != nil {
		log.Fatal(err)
	}
	if err := file.Close(); err != nil {
		log.Fatal(err)
	}
}
