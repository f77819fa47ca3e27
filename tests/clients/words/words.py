# The most frequent English words with vectors of WordLlama (its first 128 numbers), in the text form that GloVe,
# word2vec and fastText share: `words.py OUT`. A word of several pieces is the sum of them.
import sys
from pathlib import Path

import wordllama
from safetensors.numpy import load_file
from tokenizers import Tokenizer
from wordfreq import top_n_list

WORDS, NUMBERS = 28_000, 128
home = Path(wordllama.__file__).parent
(pieces,) = load_file(home / "weights" / "l2_supercat_256.safetensors").values()
tokenizer = Tokenizer.from_file(str(home / "tokenizers" / "l2_supercat_tokenizer_config.json"))
with open(sys.argv[1], "w", encoding="utf-8") as out:
    for word in top_n_list("en", WORDS):
        found = tokenizer.encode(word, add_special_tokens=False).ids
        vector = pieces[found, :NUMBERS].astype("float32").sum(0)
        print(word, *(f"{number:.4f}" for number in vector), file=out)
