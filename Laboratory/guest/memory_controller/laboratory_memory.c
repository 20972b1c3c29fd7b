// SPDX-License-Identifier: GPL-2.0
/*
 * A memory controller without memory for the kernel's own EDAC core, so that counters, kernel log and trace events are
 * those of a real one. Errors come in through debugfs:
 *
 *   echo "ce SLOT CHANNEL COUNT PAGE OFFSET SYNDROME" > /sys/kernel/debug/laboratory_memory/inject     (or ue)
 */
#include <linux/debugfs.h>
#include <linux/edac.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/uaccess.h>

#define CHANNELS 2
#define SLOTS 2
#define MODULE_MEGABYTES 8192

/* Declared in drivers/edac/edac_mc.h, which the headers package leaves out. */
struct mem_ctl_info *edac_mc_alloc(unsigned int number, unsigned int layers, struct edac_mc_layer *layer,
				   unsigned int private_size);
int edac_mc_add_mc_with_groups(struct mem_ctl_info *controller, const struct attribute_group **groups);
void edac_mc_free(struct mem_ctl_info *controller);
struct mem_ctl_info *edac_mc_del_mc(struct device *device);
void edac_mc_handle_error(const enum hw_event_mc_err_type type, struct mem_ctl_info *controller,
			  const u16 count, const unsigned long page, const unsigned long offset,
			  const unsigned long syndrome, const int top_layer, const int middle_layer,
			  const int low_layer, const char *message, const char *detail);

static struct platform_device *device;
static struct mem_ctl_info *controller;
static struct dentry *folder;

static ssize_t inject(struct file *file, const char __user *words, size_t length, loff_t *offset)
{
	char line[96], kind[4];
	int slot = 0, channel = 0;
	unsigned int count = 1;
	unsigned long page = 0, place = 0, syndrome = 0;
	size_t taken = min(length, sizeof(line) - 1);

	if (copy_from_user(line, words, taken))
		return -EFAULT;
	line[taken] = 0;
	if (sscanf(line, "%3s %d %d %u %lx %lx %lx", kind, &slot, &channel, &count, &page, &place, &syndrome) < 3)
		return -EINVAL;
	if (slot < 0 || slot >= SLOTS || channel < 0 || channel >= CHANNELS)
		return -EINVAL;
	edac_mc_handle_error(kind[0] == 'u' ? HW_EVENT_ERR_UNCORRECTED : HW_EVENT_ERR_CORRECTED, controller, count, page,
			     place, syndrome, channel, slot, -1,
			     kind[0] == 'u' ? "memory read error" : "memory scrubbing error", "laboratory");
	return length;
}

static const struct file_operations operations = { .owner = THIS_MODULE, .open = simple_open, .write = inject };

static void describe(struct dimm_info *dimm, int number)
{
	dimm->nr_pages = (unsigned long)MODULE_MEGABYTES << (20 - PAGE_SHIFT);
	dimm->grain = 64;
	dimm->mtype = MEM_DDR4;
	dimm->dtype = DEV_X8;
	dimm->edac_mode = EDAC_SECDED;
	snprintf(dimm->label, sizeof(dimm->label), "DIMM_%c%d", 'A' + number / SLOTS, number % SLOTS + 1);
}

static int __init start(void)
{
	struct edac_mc_layer layers[2] = {
		{ .type = EDAC_MC_LAYER_CHANNEL, .size = CHANNELS },
		{ .type = EDAC_MC_LAYER_SLOT, .size = SLOTS, .is_virt_csrow = true },
	};
	int number, problem;

	device = platform_device_register_simple("laboratory_memory", 0, NULL, 0);
	if (IS_ERR(device))
		return PTR_ERR(device);
	controller = edac_mc_alloc(0, ARRAY_SIZE(layers), layers, 0);
	if (!controller) {
		platform_device_unregister(device);
		return -ENOMEM;
	}
	controller->pdev = &device->dev;
	controller->mtype_cap = MEM_FLAG_DDR4;
	controller->edac_ctl_cap = controller->edac_cap = EDAC_FLAG_SECDED;
	controller->mod_name = "laboratory_memory";
	controller->ctl_name = "Laboratory";
	controller->dev_name = dev_name(&device->dev);
	for (number = 0; number < CHANNELS * SLOTS; number++)
		describe(controller->dimms[number], number);
	problem = edac_mc_add_mc_with_groups(controller, NULL);
	if (problem) {
		edac_mc_free(controller);
		platform_device_unregister(device);
		return problem;
	}
	folder = debugfs_create_dir("laboratory_memory", NULL);
	debugfs_create_file("inject", 0200, folder, NULL, &operations);
	return 0;
}

static void __exit stop(void)
{
	debugfs_remove_recursive(folder);
	edac_mc_del_mc(&device->dev);
	edac_mc_free(controller);
	platform_device_unregister(device);
}

module_init(start);
module_exit(stop);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("A made-up memory controller of the Callhome laboratory");
