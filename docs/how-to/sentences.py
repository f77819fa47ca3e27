"""A sentence encoder of somebody else's as the encoder of `train-an-encoder.py`: its weights stay as they are,
and a layer of one's own over its vectors tells the intents apart.

It is two files: an ONNX file that takes `input_ids` (and `attention_mask` and `token_type_ids`, where it wants
them) and gives a vector a token first, such as all-MiniLM-L6-v2 (Apache-2.0), and its `tokenizer.json`. Both
come out as one ONNX file whose output is `logits`. Needs tokenizers besides.
"""

STEPS, RATE = 200, 0.2  # of Adam over all lines at once
DECAY = 0.1  # of the weights, on the sum over the lines
WAVES, NEAR, SHARE = 1024, 2.0, 1.5  # cosines beside a vector: how many, how near counts as like, their length


def tokens(path, most):
    """The ids of a text by that tokenizer, cut at `most`, the two that mark its ends included."""
    import tokenizers

    by = tokenizers.Tokenizer.from_file(str(path))
    by.enable_truncation(most)
    by.no_padding()
    return lambda text: by.encode(text).ids


def inputs(session, ids):
    """What a session asks for, of one text: no part of it is padding, and all of it is one sentence."""
    import numpy as np

    row = np.array([ids], dtype=np.int64)
    all_of_them = {"input_ids": row, "attention_mask": np.ones_like(row), "token_type_ids": np.zeros_like(row)}
    return {asked.name: all_of_them[asked.name] for asked in session.get_inputs()}


def vectors(encoder, pieces, texts):
    """The mean of each text's tokens, of length one; a text at a time, as it will be asked."""
    import numpy as np
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(encoder, options, providers=["CPUExecutionProvider"])
    found = []
    for number, text in enumerate(texts, 1):
        each = session.run(None, inputs(session, pieces(text)))[0]
        if each.ndim != 3:
            raise ValueError("its first output is not a vector a token")
        mean = each[0].mean(0)
        mean = mean / np.linalg.norm(mean)
        if not np.isfinite(mean).all():
            raise ValueError(f"it has no vector for text {number}")
        found.append(mean)
    return np.array(found)


def learn(found, owner, intents, seed):
    """A layer over the vectors less their middle and over cosines of them, by Adam on the cross-entropy.

    The cosines stand in for a Gaussian kernel of the vectors (Rahimi and Recht, 2007): a layer over the vectors
    alone tells intents apart by planes, and many lines tell more than that.
    """
    import numpy as np

    random = np.random.default_rng(seed)
    waves = random.normal(0, np.sqrt(2 * NEAR), (found.shape[1], WAVES)).astype(np.float32)
    phases = random.uniform(0, 2 * np.pi, WAVES).astype(np.float32)
    middle = found.mean(0)
    moved = found - middle
    moved /= np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9)
    length = np.float32(SHARE * np.sqrt(2 / WAVES))
    seen = np.hstack([moved, np.cos(moved @ waves + phases) * length]).astype(np.float32)
    wanted = np.eye(intents, dtype=np.float32)[owner]
    weights = [np.zeros((seen.shape[1], intents), np.float32), np.zeros(intents, np.float32)]
    moments = [[np.zeros_like(one), np.zeros_like(one)] for one in weights]
    for step in range(1, STEPS + 1):
        scores = seen @ weights[0] + weights[1]
        chances = np.exp(scores - scores.max(1, keepdims=True))
        chances /= chances.sum(1, keepdims=True)
        fault = (chances - wanted) / len(seen)
        slopes = [seen.T @ fault + DECAY / len(seen) * weights[0], fault.sum(0)]
        for one, slope, moment in zip(weights, slopes, moments):
            moment[0] = 0.9 * moment[0] + 0.1 * slope
            moment[1] = 0.999 * moment[1] + 0.001 * slope**2
            one -= RATE * (moment[0] / (1 - 0.9**step)) / (np.sqrt(moment[1] / (1 - 0.999**step)) + 1e-8)
    width = found.shape[1]
    layers = {"middle": middle, "waves": waves, "phases": phases, "plain": weights[0][:width]}
    return {**layers, "waved": weights[0][width:] * length, "bias": weights[1]}


TOKENIZER = "tokenizer_sha256"  # in the file's metadata: its digest says by which tokenizer it reads, too


def joined(encoder, learned, tokenizer):
    """The encoder's ONNX file with the layer behind it, for that tokenizer's digest."""
    import numpy as np
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    model = onnx.load_from_string(encoder)
    graph = model.graph
    for name, numbers in learned.items():
        graph.initializer.append(numpy_helper.from_array(numbers.astype(np.float32), f"layer_{name}"))
    each_token, axis = graph.output[0].name, {"axes": [1]}
    takes = [each_token]
    if max(each.version for each in model.opset_import if each.domain in ("", "ai.onnx")) >= 18:
        # From this version of ONNX on the axis is an input.
        graph.initializer.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "layer_axis"))
        takes, axis = [each_token, "layer_axis"], {}
    graph.node.extend([
        helper.make_node("ReduceMean", takes, ["layer_mean"], keepdims=0, **axis),
        helper.make_node("LpNormalization", ["layer_mean"], ["layer_unit"], axis=1, p=2),
        helper.make_node("Sub", ["layer_unit", "layer_middle"], ["layer_moved"]),
        helper.make_node("LpNormalization", ["layer_moved"], ["layer_vector"], axis=1, p=2),
        helper.make_node("Gemm", ["layer_vector", "layer_waves", "layer_phases"], ["layer_turned"]),
        helper.make_node("Cos", ["layer_turned"], ["layer_cosines"]),
        helper.make_node("Gemm", ["layer_vector", "layer_plain", "layer_bias"], ["layer_scores"]),
        helper.make_node("Gemm", ["layer_cosines", "layer_waved", "layer_scores"], ["logits"]),
    ])
    del graph.output[:]
    graph.output.append(helper.make_tensor_value_info("logits", TensorProto.FLOAT, [1, len(learned["bias"])]))
    model.metadata_props.add(key=TOKENIZER, value=tokenizer)
    onnx.checker.check_model(model)
    return model.SerializeToString()
