#!/usr/bin/env python3
"""Makes the models of this folder, and what their trainers say of some rows, with LightGBM 4.7 and XGBoost 3.2.

Invented data: counts with gaps, measurements, two columns of categories. Run in this folder; the seed is fixed."""
import json

import lightgbm
import numpy
import pandas
import xgboost

random = numpy.random.default_rng(11)
COUNT = 1500
# ASCII: XGBoost 3.2 cuts other names short.
MODELS = ["ST4000DM000", "ST8000NM0055", "HGST HUS726T4", "TOSHIBA MG07", "WDC \"WD40\"", "Size, 5"]
FIRMWARE = [f"F{number:02}" for number in range(36)]

data = pandas.DataFrame({
    "pending": random.poisson(0.7, COUNT).astype(float) * random.integers(1, 30, COUNT),
    "temperature": random.normal(35, 8, COUNT),
    "power_on_hours": random.integers(0, 60000, COUNT).astype(float),
    "model": pandas.Categorical(random.choice(MODELS, COUNT), categories=MODELS),
    "firmware": pandas.Categorical(random.choice(FIRMWARE, COUNT), categories=FIRMWARE),
    "constant": numpy.ones(COUNT),
})
risk = (data.pending > 16) * 2.0 + (data.temperature > 45) + data.model.isin(MODELS[::2]) * (data.power_on_hours > 30000)
risk += data.firmware.isin(FIRMWARE[::3]) * 0.8
# `power_on_hours` has no gaps while training, so that LightGBM takes a missing value as zero.
for name in ["pending", "temperature"]:
    data.loc[random.random(COUNT) < 0.15, name] = numpy.nan
for name in ["model", "firmware"]:
    data.loc[random.random(COUNT) < 0.1, name] = None
label = (risk + data.temperature.isna() * 0.7 + random.normal(0, 0.5, COUNT) > 1.6).astype(int)

COMMON = {"objective": "binary", "num_leaves": 6, "min_data_in_leaf": 10, "min_data_per_group": 5, "cat_smooth": 1,
          "max_cat_to_onehot": 2, "verbose": -1, "num_threads": 1, "seed": 7, "deterministic": True}


def light(**options):
    return lightgbm.train(COMMON | options, lightgbm.Dataset(data, label), 4)


plain = light(sigmoid=1.5)
zero = light(zero_as_missing=True, num_leaves=5)
forest = light(boosting="rf", bagging_freq=1, bagging_fraction=0.7, num_leaves=5)
boosted = xgboost.train(
    {"objective": "binary:logistic", "max_depth": 3, "max_cat_to_onehot": 2, "seed": 7, "nthread": 1, "eta": 0.3},
    xgboost.DMatrix(data, label, enable_categorical=True), 5)

plain.save_model("lightgbm.txt")
zero.save_model("lightgbm-zero.txt")
forest.save_model("lightgbm-forest.txt")
with open("lightgbm.json", "w") as file:
    json.dump(plain.dump_model(), file)
boosted.save_model("xgboost.json")
boosted.dump_model("xgboost-dump.json", dump_format="json", with_stats=True)

# Rows for the comparison: some of the data; zeros, small and large numbers; and numbers at XGBoost's thresholds, which
# are float32, just above and just below.
rows = data.iloc[:40].copy()
rows.iloc[::5, rows.columns.get_loc("power_on_hours")] = numpy.nan
extreme = [0.0, -0.0, 1e-36, -1e-36, 1e-34, -1e-34, 1e30, -1e30]
thresholds = sorted({
    condition
    for tree in json.load(open("xgboost.json"))["learner"]["gradient_booster"]["model"]["trees"]
    for condition, index, left, kind in zip(
        tree["split_conditions"], tree["split_indices"], tree["left_children"], tree["split_type"])
    if left != -1 and index == 1 and kind == 0})[:6]
for number in extreme:
    rows.loc[len(rows) + 1000] = rows.iloc[len(rows) % 40].to_dict() | {"pending": number, "temperature": number}
for number in thresholds:
    single = numpy.float32(number)
    for offset in (-1e-12, -1e-6, 0, 1e-12, 1e-6):
        row = rows.iloc[len(rows) % 40].to_dict()
        rows.loc[len(rows) + 1000] = row | {"temperature": float(single) + offset}
rows["model"] = pandas.Categorical(rows["model"], categories=MODELS)
rows["firmware"] = pandas.Categorical(rows["firmware"], categories=FIRMWARE)

matrix = xgboost.DMatrix(rows, enable_categorical=True)
expected = {
    "lightgbm": plain.predict(rows), "lightgbm-zero": zero.predict(rows), "lightgbm-forest": forest.predict(rows),
    "xgboost": boosted.predict(matrix).astype(float)}
with open("expected.json", "w") as file:
    json.dump({
        "features": list(rows.columns),
        "rows": [[None if value is None or value != value else value for value in row]
                 for row in rows.astype(object).values.tolist()],
        "expected": {name: values.tolist() for name, values in expected.items()},
        "baseScore": json.load(open("xgboost.json"))["learner"]["learner_model_param"]["base_score"].strip("[]"),
    }, file, separators=(",", ":"))
