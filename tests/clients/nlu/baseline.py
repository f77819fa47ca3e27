# Linear models of scikit-learn on the folds that ours was held against: one JSON object with the ratio of lines
# with the right first intent. `zh`: characters 1 to 2; otherwise characters within words 2 to 5, and words 1 to 2.
import json, sys
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import make_pipeline, make_union
from sklearn.svm import LinearSVC


def rows(path):
    with open(path, encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def vectorizer(language):
    if language == "zh":
        return TfidfVectorizer(analyzer="char", ngram_range=(1, 2), sublinear_tf=True)
    return make_union(
        TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True),
        TfidfVectorizer(analyzer="word", ngram_range=(1, 2), sublinear_tf=True),
    )


language, right, count = sys.argv[1], 0, 0
for learn, held in zip(sys.argv[2::2], sys.argv[3::2]):
    learn = rows(learn)
    known = {row["intent"] for row in learn}
    held = [row for row in rows(held) if row["intent"] in known]
    model = make_pipeline(vectorizer(language), LinearSVC())
    model.fit([row["text"] for row in learn], [row["intent"] for row in learn])
    found = model.predict([row["text"] for row in held])
    right += sum(one == row["intent"] for one, row in zip(found, held))
    count += len(held)
print(json.dumps({"first_ratio": right / count, "rows": count}))
